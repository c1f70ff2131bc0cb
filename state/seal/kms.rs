//! A data key as a key of AWS KMS has encrypted it.
//!
//! What a state is and for whom goes along as encryption context: KMS gives the
//! data key back for the same context alone, logs it, and policies can ask for
//! it. <https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html>

use std::collections::HashMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use zeroize::Zeroizing;

use super::{Bound, DataKey};

/// How long one question may take, with what is tried again: a database waits no longer for two of them.
const PATIENCE: Duration = Duration::from_secs(4);

/// The region of a key by its ARN.
///
/// # Errors
/// Where this is no key's ARN.
pub(super) fn region(arn: &str) -> Result<&str, String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "kms", region, account, resource]
            if partition.starts_with("aws")
                && !region.is_empty()
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && resource.strip_prefix("key/").is_some_and(|id| !id.is_empty()) =>
        {
            Ok(region)
        }
        _ if arn.contains("alias/") => {
            Err("an alias can be given to another key; name the key: arn:aws:kms:REGION:ACCOUNT:key/ID".to_owned())
        }
        _ => Err(format!("`{arn}` is no key of AWS KMS: arn:aws:kms:REGION:ACCOUNT:key/ID")),
    }
}

/// A data key, encrypted by this key.
pub(super) async fn encrypt(arn: &str, key: &DataKey, bound: &Bound<'_>) -> Result<Vec<u8>, String> {
    let request = client(arn).await?.encrypt().key_id(arn).plaintext(Blob::new(key.as_slice()));
    let answer = request.set_encryption_context(Some(context(bound))).send().await.map_err(told)?;
    answer.ciphertext_blob.map(Blob::into_inner).ok_or_else(|| "it answers without what it has encrypted".to_owned())
}

/// The data key that this key has encrypted.
pub(super) async fn decrypt(arn: &str, wrapped: Vec<u8>, bound: &Bound<'_>) -> Result<DataKey, String> {
    let request = client(arn).await?.decrypt().key_id(arn).ciphertext_blob(Blob::new(wrapped));
    let answer = request.set_encryption_context(Some(context(bound))).send().await.map_err(told)?;
    let plain = Zeroizing::new(answer.plaintext.map(Blob::into_inner).unwrap_or_default());
    <[u8; 32]>::try_from(plain.as_slice()).map(Zeroizing::new).map_err(|_| "what it has encrypted is no key".to_owned())
}

fn context(bound: &Bound<'_>) -> HashMap<String, String> {
    let pairs = [
        ("fathuss:lineage", bound.lineage),
        ("fathuss:data-key", bound.id),
        ("fathuss:recipients", bound.recipients.as_str()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn client(arn: &str) -> Result<Client, String> {
    let http: SharedHttpClient = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(region(arn)?.to_owned()))
        .timeout_config(timeouts)
        .load();
    Ok(Client::new(&config.await))
}

/// What went wrong: a refusal in KMS's words.
fn told<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> String {
    let (code, message) = (error.code().map(str::to_owned), error.message().map(str::to_owned));
    match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code,
        _ => {
            let mut innermost: &dyn std::error::Error = &error;
            while let Some(source) = innermost.source() {
                innermost = source;
            }
            format!("{error}: {innermost}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::region;

    #[test]
    fn a_key_is_named_by_its_arn_and_by_nothing_that_can_become_another() {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(region(&format!("arn:aws:kms:eu-west-1:111122223333:key/{id}")), Ok("eu-west-1"));
        assert_eq!(region("arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1"), Ok("cn-north-1"));
        for text in
            [id, "arn:aws:kms:eu-west-1:1111:key/1", "arn:aws:s3:::bucket", "arn:aws:kms:eu-west-1:111122223333:key/"]
        {
            assert!(region(text).expect_err(text).contains("is no key of AWS KMS"));
        }
        let alias = region("arn:aws:kms:eu-west-1:111122223333:alias/state").expect_err("an alias");
        assert!(alias.starts_with("an alias can be given to another key"), "{alias}");
    }
}
