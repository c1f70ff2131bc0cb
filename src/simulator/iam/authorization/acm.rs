//! Certificate Manager's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html>

use super::ask::{Ask, requested};
use crate::value::Value;

/// The action is asked for on the certificate that the request names, else on all.
pub(super) fn asks(operation: &str, input: &Value) -> Vec<Ask> {
    let given = requested(input.get("Tags"));
    let resource = input.get("CertificateArn").text().unwrap_or("*");
    let mut asks = vec![Ask::new(format!("acm:{operation}"), resource).told(given.clone())];
    if operation == "RequestCertificate" && !given.is_empty() {
        asks.push(Ask::new("acm:AddTagsToCertificate", "*").told(given));
    }
    asks
}
