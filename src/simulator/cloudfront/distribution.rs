//! Distributions: made, changed, switched off and deleted, each change minutes on its way to every place.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{configuration, listed, matches, new_id, tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateDistribution", create),
    ("CreateDistributionWithTags", create_with_tags),
    ("GetDistribution", get),
    ("GetDistributionConfig", get_config),
    ("ListDistributions", list),
    ("UpdateDistribution", update),
    ("DeleteDistribution", delete),
];

/// "Usually within a few minutes": <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html>
pub(super) const SPANS: &[Span] = &[Span::new("cloudfront.distribution", 150.0, 300.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("cloudfront.distribution.deployed", |tx, pending| {
    tx.change::<Distribution>(&pending.subject, |distribution| distribution.deployed = true);
})];

const CREATE: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html";
const LIMITS: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudfront.distribution.reference", "a caller reference makes one distribution", CREATE),
    Rule::new("cloudfront.distribution.quota", "an account has 500 distributions", LIMITS),
    Rule::new(
        "cloudfront.distribution.disabled",
        "a distribution is deleted once it is switched off everywhere",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html",
    ),
    Rule::new(
        "cloudfront.distribution.same",
        "an update keeps the caller reference",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html",
    ),
];

/// A distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// What it is named by to be changed.
    pub etag: String,
    /// The name that viewers reach it by.
    pub domain: String,
    /// When it was changed last.
    pub modified: Timestamp,
    /// Whether every place has it as it is.
    pub deployed: bool,
    /// Its configuration, in the form of answers.
    pub config: Value,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for Distribution {
    const TABLE: &'static str = "cloudfront.distribution";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Distribution {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        format!("arn:aws:cloudfront::{}:distribution/{}", tx.account(), self.id)
    }

    /// The names that it answers for beside its own.
    pub(super) fn aliases(&self) -> Vec<&str> {
        self.config.get("Aliases").get("Items").list().iter().filter_map(Value::text).collect()
    }

    /// The ids of the origin access controls that it has.
    pub(super) fn controls(&self) -> Vec<&str> {
        let origins = self.config.get("Origins").get("Items").list().iter();
        origins.filter_map(|origin| origin.get("OriginAccessControlId").text()).filter(|id| !id.is_empty()).collect()
    }

    /// The names of the origin access identities that it has.
    pub(super) fn identities(&self) -> Vec<&str> {
        let origins = self.config.get("Origins").get("Items").list().iter();
        let named = origins.filter_map(|origin| origin.get("S3OriginConfig").get("OriginAccessIdentity").text());
        named.filter(|name| !name.is_empty()).collect()
    }

    fn is_enabled(&self) -> bool {
        self.config.get("Enabled").bool() == Some(true)
    }

    fn status(&self) -> &'static str {
        if self.deployed { "Deployed" } else { "InProgress" }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let nobody = || record! { "Enabled" => false, "Quantity" => 0_i64 };
        record! {
            "Id" => &self.id,
            "ARN" => self.arn(tx),
            "Status" => self.status(),
            "LastModifiedTime" => self.modified,
            "InProgressInvalidationBatches" => 0_i64,
            "DomainName" => &self.domain,
            "ActiveTrustedSigners" => nobody(),
            "ActiveTrustedKeyGroups" => nobody(),
            "DistributionConfig" => &self.config,
        }
    }

    fn summary(&self, tx: &Tx<'_>) -> Value {
        let mut summary = record! {
            "Id" => &self.id,
            "ARN" => self.arn(tx),
            "ETag" => &self.etag,
            "Status" => self.status(),
            "LastModifiedTime" => self.modified,
            "DomainName" => &self.domain,
        };
        for member in [
            "Aliases",
            "Origins",
            "OriginGroups",
            "DefaultCacheBehavior",
            "CacheBehaviors",
            "CustomErrorResponses",
            "Comment",
            "PriceClass",
            "Enabled",
            "ViewerCertificate",
            "Restrictions",
            "WebACLId",
            "HttpVersion",
            "IsIPV6Enabled",
            "Staging",
        ] {
            summary.set(member, self.config.get(member));
        }
        summary
    }

    /// Begins to bring it everywhere as it is now.
    fn spread(&mut self, tx: &mut Tx<'_>) {
        (self.deployed, self.modified) = (false, tx.now());
        tx.cancel("cloudfront.distribution", &self.id);
        tx.transition("cloudfront.distribution", "cloudfront.distribution.deployed", &self.id);
    }
}

fn find(tx: &Tx<'_>, id: &str) -> Result<Distribution, Refusal> {
    let missing = || Refusal::new("NoSuchDistribution", "The specified distribution does not exist.");
    tx.get::<Distribution>(id).cloned().ok_or_else(missing)
}

/// The distribution of that ARN.
pub(super) fn by_arn(tx: &Tx<'_>, arn: &str) -> Option<Distribution> {
    tx.rows::<Distribution>().find(|distribution| distribution.arn(tx) == arn).cloned()
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    make(tx, input.record("DistributionConfig").as_ref(), None)
}

fn create_with_tags(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let whole = input.record("DistributionConfigWithTags");
    let part = |name: &str| whole.as_ref().and_then(|whole| whole.record(name));
    make(tx, part("DistributionConfig").as_ref(), part("Tags").as_ref())
}

fn make(tx: &mut Tx<'_>, config: Option<&Input<'_>>, tags: Option<&Input<'_>>) -> Result<Value, Refusal> {
    let Some(config) = config else { return Err(super::invalid("The parameter DistributionConfig is required.")) };
    let reference = config.required("CallerReference");
    let is_same = |it: &&Distribution| it.config.get("CallerReference").text() == Some(reference);
    let same = tx.rows::<Distribution>().find(is_same).map(|it| it.id.clone());
    tx.enforce("cloudfront.distribution.reference", same.is_none(), || {
        let message = "The caller reference that you are using to create a distribution is associated with another \
                       distribution. Already exists: ";
        Refusal::new("DistributionAlreadyExists", format!("{message}{}", same.clone().unwrap_or_default()))
    })?;
    let read = configuration::read(tx, config, None)?;
    let tags = tags::read(tx, tags)?;
    let most = tx.quota("cloudfront.distributions");
    tx.enforce("cloudfront.distribution.quota", tx.count::<Distribution>() < most, || {
        let message = "Your request contains more distributions than are allowed per Amazon Web Services account.";
        Refusal::new("TooManyDistributions", message)
    })?;
    let (id, etag, letters) = (new_id(tx), new_id(tx), tx.capitals(13).to_ascii_lowercase());
    let domain = format!("d{letters}.cloudfront.net");
    let mut made = Distribution { id, etag, domain, modified: tx.now(), deployed: false, config: read, tags };
    made.spread(tx);
    let answer = record! {
        "Distribution" => made.view(tx),
        "Location" => format!("https://cloudfront.amazonaws.com/2020-05-31/distribution/{}", made.id),
        "ETag" => &made.etag,
    };
    tx.put(made);
    Ok(answer)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let found = find(tx, input.required("Id"))?;
    Ok(record! { "Distribution" => found.view(tx), "ETag" => &found.etag })
}

fn get_config(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let found = find(tx, input.required("Id"))?;
    Ok(record! { "DistributionConfig" => &found.config, "ETag" => &found.etag })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = tx.rows::<Distribution>().map(|it| (it.id.clone(), it.summary(tx))).collect();
    Ok(record! { "DistributionList" => listed(tx, input, items)? })
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut found = find(tx, input.required("Id"))?;
    matches(tx, input.text("IfMatch"), &found.etag)?;
    let Some(config) = input.record("DistributionConfig") else {
        return Err(super::invalid("The parameter DistributionConfig is required."));
    };
    let same = found.config.get("CallerReference").text() == config.text("CallerReference");
    tx.enforce("cloudfront.distribution.same", same, || {
        Refusal::new("IllegalUpdate", "The update contains modifications that are not allowed.")
    })?;
    found.config = configuration::read(tx, &config, Some(&found.id))?;
    found.etag = new_id(tx);
    found.spread(tx);
    let answer = record! { "Distribution" => found.view(tx), "ETag" => &found.etag };
    tx.put(found);
    Ok(answer)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let found = find(tx, input.required("Id"))?;
    matches(tx, input.text("IfMatch"), &found.etag)?;
    tx.enforce("cloudfront.distribution.disabled", !found.is_enabled() && found.deployed, || {
        let message = "The distribution you are trying to delete has not been disabled.";
        Refusal::new("DistributionNotDisabled", message)
    })?;
    tx.cancel("cloudfront.distribution", &found.id);
    tx.remove::<Distribution>(&found.id);
    Ok(Value::Record(Record::new()))
}
