/** Something that the person at the shell can mend. Its message is all that they need to read. */
export class DrawFault extends Error {}
