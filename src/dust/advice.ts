import { KEY_HEADER, WORKSPACE_HEADER } from './credential.ts'

/** Who can mend a key that Dust refuses: the operator of the server, or the caller who brought it. */
export type KeyOwner = 'server' | 'caller'

/** Where the key is. */
export const keyNames: Readonly<Record<KeyOwner, string>> = { server: 'DUST_API_KEY', caller: KEY_HEADER }

const region = 'that DUST_BASE_URL is the region of the workspace (https://dust.tt or https://eu.dust.tt)'

/** What to do about an answer, by Dust's own type. */
const advice: ReadonlyMap<string, string> = new Map(Object.entries({
  action_not_blocked: 'This tool call no longer waits: it was answered already, maybe by this very reply when an earlier try of it lost its confirmation.',
  action_not_found: 'No such tool call waits: take the ids of conversation, message and action from the same event, which for a sub-agent are those of its own conversation.',
  agent_configuration_not_found: 'Dust knows no such agent: list the agents to find its id.',
  agent_inaccessible: 'This agent is disabled, retired or not open to the API key: choose another one.',
  agent_message_error: 'The agent failed on this message: retry it, or ask again.',
  content_too_large: 'The request is too large for Dust: shorten it.',
  conversation_access_restricted: 'The API key may not read this conversation: ask for one that is open to it, or start a new one.',
  conversation_not_found: 'Dust knows no such conversation in this workspace: check its id, or start a new one.',
  conversation_with_unavailable_agent: 'An agent of this conversation is no longer open to the API key: start a new conversation.',
  data_source_error: 'Dust could not search this data source: try again later, or search elsewhere.',
  data_source_not_found: 'Dust knows no such data source in this space: list the data source views of the space to find its id.',
  data_source_view_not_found: 'Dust knows no such data source view in this space: list the data source views of the space to find its id.',
  file_is_empty: 'The file is empty: send one that has something in it.',
  file_not_found: 'Dust knows no such file, or the API key may not read it: check its id or path, and that it belongs to this conversation.',
  file_too_large: 'The file is too large for Dust: images may have 5 MB, audio 25 MB, everything else 50 MB.',
  file_type_not_supported: 'Dust takes no files of this type: text, PDF, office documents, JSON, XML, YAML, source code, images and audio can be uploaded.',
  insufficient_key_scope: 'The API key has too few rights for this, such as a read-only one: make another one in Dust.',
  invalid_api_key_error: `Dust refused the API key: check DUST_API_KEY, and ${region}.`,
  invalid_pagination_parameters: 'Dust does not know this page: begin again with the first one, without a cursor.',
  key_of_another_workspace: 'The API key belongs to another workspace: check that DUST_API_KEY and DUST_WORKSPACE_ID belong together.', // ours
  malformed_authorization_header_error: 'Dust could not read the API key: check that DUST_API_KEY is "sk-" and letters or digits, nothing else.',
  message_not_found: 'Dust knows no such message in this conversation: check its id.',
  missing_authorization_header_error: 'Dust found no usable API key in the request: check DUST_API_KEY.',
  model_disabled: 'The model of this agent is not allowed in the workspace: choose another agent.',
  no_seat: 'This caller has no seat in the Dust workspace: ask its administrator.',
  not_authenticated: 'Dust found no usable API key in the request: check DUST_API_KEY.',
  provider_auth_error: 'The provider of the model refused the credentials of the Dust workspace: its administrator has to renew them.',
  service_unavailable: 'Dust is under maintenance: try again later, see https://dust.statuspage.io/.',
  space_not_found: 'Dust knows no such space, or the API key may not look into it: list the spaces to find its id.',
  trial_restriction: 'The trial of this Dust workspace does not allow this.',
  workspace_can_use_product_required_error: 'The plan of this Dust workspace has no API access.',
  workspace_in_different_region: `The workspace is elsewhere: check ${region}.`,
  workspace_not_found: `Dust knows no such workspace: check DUST_WORKSPACE_ID, and ${region}.`
}))

const callersRegion = 'that your workspace is in the region that this server speaks with'

/** The same, where a caller has brought the key. */
const adviceToCallers: ReadonlyMap<string, string> = new Map(Object.entries({
  invalid_api_key_error: `Dust refused your API key: check ${KEY_HEADER}, and ${callersRegion}.`,
  key_of_another_workspace: `Your API key belongs to another workspace: check that ${KEY_HEADER} and ${WORKSPACE_HEADER} belong together.`,
  malformed_authorization_header_error: `Dust could not read your API key: check ${KEY_HEADER}.`,
  missing_authorization_header_error: `Dust found no usable API key in the request: check ${KEY_HEADER}.`,
  not_authenticated: `Dust found no usable API key in the request: check ${KEY_HEADER}.`,
  workspace_in_different_region: `Your workspace is elsewhere: check ${callersRegion}.`,
  workspace_not_found: `Dust knows no such workspace: check ${WORKSPACE_HEADER}, and ${callersRegion}.`
}))

export function adviceOn (type: string, keyOwner: KeyOwner): string | undefined {
  return (keyOwner === 'caller' ? adviceToCallers.get(type) : undefined) ?? advice.get(type)
}
