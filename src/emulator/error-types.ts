/** Every type of error that Dust is known to send, under the status that it usually comes with. */
const typesByStatus: Readonly<Record<number, string>> = {
  400: `action_api_error action_failed action_not_blocked action_unknown_error agent_inaccessible agent_message_error app_auth_error
    assistant_saving_error connector_oauth_target_mismatch connector_provider_not_supported connector_update_error data_source_error data_source_not_managed
    file_is_empty file_too_large file_type_not_supported global_agent_error invalid_mcp_server_id invalid_pagination_parameters invalid_request_error
    invalid_rows_request_error invitation_already_sent_recently model_disabled plugin_execution_failed provider_auth_error run_error space_already_exists
    stripe_invalid_product_id_error subscription_payment_failed subscription_state_invalid transcripts_configuration_already_exists
    transcripts_configuration_default_not_allowed unexpected_action_response unexpected_error_format workspace_in_different_region`,
  401: `connector_credentials_error expired_oauth_token_error invalid_api_key_error invalid_oauth_token_error malformed_authorization_header_error
    mcp_auth_error missing_authorization_header_error not_authenticated workspace_auth_error workspace_user_not_found`,
  403: `connector_update_unauthorized conversation_access_restricted conversation_with_unavailable_agent credits_exhausted data_source_auth_error
    data_source_quota_error feature_flag_already_exists group_shared_usage_limit_reached insufficient_key_scope no_seat plan_limit_error plan_message_limit_exceeded
    sso_enforced trial_restriction user_cap_reached workspace_can_use_product_required_error`,
  404: `action_not_found agent_configuration_not_found app_not_found chat_message_not_found connector_not_found_error conversation_not_found
    data_source_document_not_found data_source_not_found data_source_view_not_found dataset_not_found dust_app_secret_not_found feature_flag_not_found file_not_found
    group_not_found invitation_not_found key_not_found mcp_server_not_found membership_not_found message_not_found personal_workspace_not_found plugin_not_found
    provider_not_found run_not_found skill_not_found space_not_found subscription_not_found table_not_found template_not_found
    transcripts_configuration_not_found user_not_found workspace_not_found`,
  405: 'method_not_supported_error',
  413: 'content_too_large',
  422: 'unprocessable_entity',
  429: 'rate_limit_error',
  500: 'internal_server_error',
  503: 'service_unavailable'
}

/** The usual status of each type. */
export const errorTypes: ReadonlyMap<string, number> = new Map(Object.entries(typesByStatus)
  .flatMap(([status, types]) => types.trim().split(/\s+/).map((type) => [type, Number(status)] as const)))
