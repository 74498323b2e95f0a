/** Everything that an embedder or the author of a plugin needs. */
export { app } from './app.ts'
export { ConfigError, loadConfig, type Config } from './config.ts'
export { ToolError, type Operation, type Progress } from './mcp/operation.ts'
export type { ToolDefinition, ToolHandler, ToolResult } from './mcp/catalog.ts'
export type { Health } from '../plugins/health.ts'
export type { Mcp } from '../plugins/mcp.ts'
export type { DustClient } from './dust/client.ts'
export { DustError } from './dust/errors.ts'
