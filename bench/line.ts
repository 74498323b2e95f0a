/** What an agent says in the fifth of a second for which its words are collected. */
export const LINE = 'The answer arrives in pieces of about this length, as an agent that thinks and writes at the usual speed says them. '
