/** Knows which replicas are alive: those that said so not too long ago. */
export interface ReplicaRegistry {
  /** Says that this replica lives, for so long; again and again. */
  beat (replica: string, ttlMs: number): Promise<void>
  /** This replica goes away, now. */
  leave (replica: string): Promise<void>
  /** The living ones, sorted. */
  alive (): Promise<string[]>
}
