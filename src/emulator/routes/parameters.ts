import { Type, type Static } from '@sinclair/typebox'
import { conversationNotFound, messageNotFound } from '../errors.ts'
import type { Message, Room } from '../workspace/room.ts'
import type { Workspace } from '../workspace/workspace.ts'

export const conversationPath = Type.Object({ wId: Type.String(), cId: Type.String() })
export type ConversationPath = Static<typeof conversationPath>

export const messagePath = Type.Object({ wId: Type.String(), cId: Type.String(), mId: Type.String() })
export type MessagePath = Static<typeof messagePath>

export const eventsQuery = Type.Object({ lastEventId: Type.Optional(Type.String()) })
export type EventsQuery = Static<typeof eventsQuery>

/** @throws {ApiError} 404 conversation_not_found */
export function findRoom (workspace: Workspace, { cId }: ConversationPath): Room {
  const room = workspace.rooms.get(cId)
  if (room === undefined) throw conversationNotFound()
  return room
}

/** @throws {ApiError} 404 conversation_not_found or message_not_found */
export function findMessage (workspace: Workspace, path: MessagePath): { room: Room, message: Message, rank: number } {
  const room = findRoom(workspace, path)
  const found = room.find(path.mId)
  if (found === undefined) throw messageNotFound()
  return { room, ...found }
}
