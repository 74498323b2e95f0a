/** A red dot. */
export const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==', 'base64')
/** A moment of silence. */
export const WAV = Buffer.from('UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==', 'base64')

export const text = (words: string) => ({ type: 'text' as const, text: words })
export const image = () => ({ type: 'image' as const, data: PNG.toString('base64'), mimeType: 'image/png' })
export const audio = () => ({ type: 'audio' as const, data: WAV.toString('base64'), mimeType: 'audio/wav' })
export const resource = (uri: string, mimeType: string, words: string) => ({ type: 'resource' as const, resource: { uri, mimeType, text: words } })
