/**
 * What browsers must not do with our answers: guess what they are, show them in a frame, run or load anything for them,
 * or hand them to pages that may not ask for them. A page of our own sets its own policy instead.
 */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\'',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer'
} as const
