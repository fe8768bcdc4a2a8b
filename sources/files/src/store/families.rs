//! Which settings each kind of store has.

use crate::store::settings::Family;

/// <https://docs.rs/object_store/0.13.2/object_store/aws/enum.AmazonS3ConfigKey.html>
pub(crate) const S3: Family = Family {
    prefix: "aws_",
    known: &[
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "aws_region",
        "aws_endpoint",
        "aws_profile",
        "aws_allow_http",
        "aws_skip_signature",
        "aws_request_payer",
        "aws_virtual_hosted_style_request",
        "aws_role_arn",
        "aws_web_identity_token_file",
        "aws_shared_credentials_file",
        "aws_config_file",
        "aws_sse_customer_key_base64",
        "aws_server_side_encryption",
        "aws_proxy_url",
        "aws_connect_timeout",
        "aws_timeout",
    ],
    own: &["aws_profile", "aws_default_profile", "aws_shared_credentials_file", "aws_config_file"],
    strays: &[],
    identity: &[
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "aws_web_identity_token_file",
        "aws_role_arn",
        "aws_role_session_name",
        "aws_container_credentials_relative_uri",
        "aws_container_credentials_full_uri",
        "aws_container_authorization_token_file",
        "aws_skip_signature",
    ],
    rivals: &[&["aws_region", "aws_default_region"], &["aws_endpoint", "aws_endpoint_url_s3"]],
};

/// <https://docs.rs/object_store/0.13.2/object_store/azure/enum.AzureConfigKey.html>; the strays are the names of
/// App Service and of the Azure command line.
pub(crate) const AZURE: Family = Family {
    prefix: "azure_",
    known: &[
        "azure_storage_account_name",
        "azure_storage_account_key",
        "azure_storage_sas_token",
        "azure_client_id",
        "azure_client_secret",
        "azure_tenant_id",
        "azure_storage_token",
        "azure_storage_endpoint",
        "azure_use_azure_cli",
        "azure_federated_token_file",
        "azure_allow_http",
        "azure_skip_signature",
        "azure_authority_host",
        "azure_msi_endpoint",
        "azure_object_id",
        "azure_msi_resource_id",
        "azure_use_fabric_endpoint",
        "azure_storage_use_emulator",
        "azure_proxy_url",
        "azure_connect_timeout",
        "azure_timeout",
    ],
    own: &[],
    strays: &[
        ("IDENTITY_ENDPOINT", "azure_msi_endpoint"),
        ("AZURE_STORAGE_ACCOUNT", "azure_storage_account_name"),
        ("AZURE_STORAGE_KEY", "azure_storage_account_key"),
    ],
    identity: &[
        "azure_storage_account_key",
        "azure_storage_sas_key",
        "azure_storage_token",
        "azure_storage_client_id",
        "azure_storage_client_secret",
        "azure_storage_tenant_id",
        "azure_federated_token_file",
        "azure_use_azure_cli",
        "azure_msi_endpoint",
        "azure_skip_signature",
    ],
    rivals: &[],
};

/// <https://docs.rs/object_store/0.13.2/object_store/gcp/enum.GoogleConfigKey.html>
pub(crate) const GOOGLE: Family = Family {
    prefix: "google_",
    known: &[
        "google_application_credentials",
        "google_service_account",
        "google_service_account_key",
        "google_skip_signature",
        "google_base_url",
        "google_allow_http",
        "google_proxy_url",
        "google_connect_timeout",
        "google_timeout",
    ],
    own: &[],
    strays: &[("SERVICE_ACCOUNT", "google_service_account")],
    identity: &[
        "google_application_credentials",
        "google_service_account",
        "google_service_account_key",
        "google_skip_signature",
    ],
    rivals: &[],
};

/// Web servers have none: a proxy is found in the environment by the client itself.
pub(crate) const WEB: Family =
    Family { prefix: "http_", known: &[], own: &["http_"], strays: &[], identity: &[], rivals: &[] };
