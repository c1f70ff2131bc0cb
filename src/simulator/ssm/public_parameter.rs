//! Public parameters: the newest of Amazon's images, by names that stay.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html>,
//! <https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html>

use super::parameter::Shown;
use crate::ec2::image::{Image, images};
use crate::refusal::Refusal;
use crate::world::Tx;

/// The public parameter of that name in this region.
pub(super) fn find(tx: &Tx<'_>, name: &str) -> Option<Shown> {
    under(tx, name).into_iter().find(|shown| shown.name == name)
}

/// Answers what AWS may have under a name and this table has not.
///
/// # Errors
/// `NotSimulated` for what lies in the part of the names that is AWS's own.
pub(super) fn listed(name: &str) -> Result<(), Refusal> {
    if name.starts_with("/aws/service/") {
        return Err(Refusal::not_simulated(format!("the public parameter {name}")));
    }
    Ok(())
}

/// The public parameters whose names begin so.
pub(super) fn under(tx: &Tx<'_>, start: &str) -> Vec<Shown> {
    // All images of a world are looked through: not for what can't be one.
    if !start.starts_with("/aws/service") {
        return Vec::new();
    }
    let images = images(tx);
    let mut found: Vec<Shown> = Vec::new();
    for image in &images {
        for (name, value) in named(image) {
            // Images come oldest first: each takes the place of the one before.
            match found.iter_mut().find(|known| known.name == name) {
                Some(known) => {
                    (known.value, known.modified) = (value, image.created);
                    known.version += 1;
                }
                None => found.push(Shown {
                    arn: format!("arn:aws:ssm:{}::parameter{name}", tx.region()),
                    name,
                    kind: "String".to_owned(),
                    value,
                    version: 1,
                    modified: image.created,
                    data_type: if image.owner_is_eks() { "text" } else { "aws:ec2:image" }.to_owned(),
                }),
            }
        }
    }
    found.retain(|shown| shown.name.starts_with(start));
    found
}

/// The names under which an image's id, and its name, are told.
fn named(image: &Image) -> Vec<(String, String)> {
    let architecture = image.architecture;
    if image.owner_is_eks() {
        let version = image.name.split("standard-").nth(1).and_then(|rest| rest.split("-v").next()).unwrap_or_default();
        let start =
            format!("/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{architecture}/standard/recommended");
        return vec![
            (format!("{start}/image_id"), image.id.clone()),
            (format!("{start}/image_name"), image.name.clone()),
        ];
    }
    let minimal = if image.name.starts_with("al2023-ami-minimal-") { "minimal-" } else { "" };
    ["default", "6.1"]
        .map(|kernel| {
            let name =
                format!("/aws/service/ami-amazon-linux-latest/al2023-ami-{minimal}kernel-{kernel}-{architecture}");
            (name, image.id.clone())
        })
        .to_vec()
}
