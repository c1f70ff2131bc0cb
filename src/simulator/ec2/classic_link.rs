//! ClassicLink, which went with EC2-Classic: no region has it any more. Older
//! clients still ask each VPC for it, and know what a region without it answers
//! (<https://github.com/ansible/ansible/pull/35302> shows the words).

use crate::input::Input;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeVpcClassicLink", retired), ("DescribeVpcClassicLinkDnsSupport", retired)];

fn retired(_: &mut Tx<'_>, _: &Input<'_>) -> Result<Value, Refusal> {
    let message = "The functionality you requested is not available in this region.";
    Err(Refusal::new("UnsupportedOperation", message))
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn no_region_has_classic_link() {
        let client = Client::calm();
        for operation in ["DescribeVpcClassicLink", "DescribeVpcClassicLinkDnsSupport"] {
            client.refused(operation, &[], "UnsupportedOperation").await;
        }
    }
}
