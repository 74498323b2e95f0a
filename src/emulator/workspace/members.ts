/** The one person of the workspace. A message with their email in its context is theirs. */
const ada = {
  sId: 'member0ada',
  id: 7,
  createdAt: 1768470000000,
  provider: 'google',
  username: 'ada',
  email: 'ada@example.com',
  firstName: 'Ada',
  lastName: 'Lovelace',
  fullName: 'Ada Lovelace',
  image: null
}

export function memberByEmail (email: string | null | undefined): typeof ada | undefined {
  return email?.toLowerCase() === ada.email ? ada : undefined
}
