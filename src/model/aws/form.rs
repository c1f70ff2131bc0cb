//! The forms of texts that several fields have, or that tests draw from: each once, with the page that says so.

use std::net::Ipv4Addr;

use ipnet::Ipv6Net;

use crate::schema::Form;

/// The pattern of an id of EC2's.
macro_rules! id {
    ($prefix:literal) => {
        concat!($prefix, "(?:[0-9a-f]{8}|[0-9a-f]{17})")
    };
}

/// An address, for instance of a machine in its subnet.
pub(super) const IPV4_ADDRESS: Form =
    Form::new(r"[0-9.]+", "an IPv4 address is written as 10.0.0.10", &["10.0.0.10", "192.0.2.4"])
        .and(|text| text.parse::<Ipv4Addr>().is_ok());

/// A range of IPv6: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html>
pub(super) const IPV6_RANGE: Form = Form::new(
    r"[0-9a-fA-F:.]+/\d{1,3}",
    "an IPv6 range is written as 2001:db8::/32, without host bits",
    &["2001:db8::/32", "2001:db8:1::/48", "::/0"],
)
.and(|text| text.parse::<Ipv6Net>().is_ok_and(|range| range.trunc() == range));

/// A prefix list, AWS's or one's own: <https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html>
pub(super) const PREFIX_LIST: Form =
    Form::new(r"pl-[0-9a-f]+", "a prefix list is named by its id, as pl-63a5400a", &["pl-63a5400a", "pl-02cd2c6b"]);

/// A zone: its region and a letter, or for a local zone more:
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html>
pub(super) const ZONE: Form = Form::new(
    r"[a-z]{2}(-[a-z0-9]+)+",
    "a zone is written as us-east-1a",
    &["us-east-1a", "us-east-1b", "us-east-1c", "us-west-2a", "us-west-2b", "us-west-2c"],
);

/// Anything's ARN: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
pub(super) const ARN: Form = Form::new(
    r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+",
    "an ARN is written as arn:aws:sns:us-east-1:111122223333:alarms",
    &["arn:aws:sns:us-east-1:111122223333:alarms", "arn:aws:automate:us-east-1:ec2:recover"],
);

/// What AWS Backup takes for what it backs up or leaves out:
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html>
pub(super) const BACKED_UP: Form = Form::new(
    r"\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+",
    "what is backed up or left out is named by its ARN",
    &["arn:aws:ec2:*:*:volume/*", "arn:aws:rds:*:*:db:*", "arn:aws:dynamodb:*:*:table/*"],
);

/// What AWS Backup's conditions are on:
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Conditions.html>
pub(super) const TAG_CONDITION: Form = Form::new(
    "aws:ResourceTag/.+",
    "a condition is on a tag: aws:ResourceTag/KEY",
    &["aws:ResourceTag/Team", "aws:ResourceTag/Tier"],
);

/// A time zone of the tz database: <https://www.iana.org/time-zones>
pub(super) const TIME_ZONE: Form = Form::new(
    "(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|SystemV|US)\
     /[A-Za-z0-9_+/-]+|[A-Z][A-Za-z0-9+-]*",
    "a time zone is written as Europe/Berlin or UTC",
    &["Etc/UTC", "Europe/Berlin"],
);

/// A KMS key; an alias would be another text than what AWS shows:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id>
pub(super) const KMS_KEY: Form = Form::new(
    "arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+",
    "a key is named by its ARN, which is what AWS shows of it",
    &["arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
);

/// The same where AWS takes, and shows, whatever a key is named by:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id>
pub(super) const NAMED_KMS_KEY: Form = Form::new(
    "arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/.+|alias/.+|[0-9a-fA-F-]{36}|mrk-[0-9a-fA-F]{32}",
    "a key is named by its ARN or id, or by an alias",
    KMS_KEY.examples,
);

/// Where flow logs go: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>
pub(super) const LOG_DESTINATION: Form = Form::new(
    "arn:aws[a-z-]*:(logs:[a-z0-9-]+:[0-9]{12}:log-group:[^:*]+|s3:::.+)",
    "the ARN of a log group, without `:*` behind it, or of a bucket",
    &["arn:aws:logs:us-east-1:111122223333:log-group:flow", "arn:aws:s3:::flow/vpc"],
);

/// The fields of a flow log's lines: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
pub(super) const LOG_FORMAT: Form = Form::new(
    r"\$\{[a-z0-9-]+\}( \$\{[a-z0-9-]+\})*",
    "fields as `${name}`, with one space between them",
    &["${version} ${srcaddr} ${dstaddr} ${action}", "${interface-id} ${bytes}"],
);

/// A policy of CloudFront's, AWS's or one's own:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html>
pub(super) const DISTRIBUTION_POLICY: Form = Form::new(
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "a policy is named by its id, as 658327ea-f89d-4fab-a63d-7e88639e58f6",
    // One of a kind is none of another.
    &[],
);

/// The versions of TLS that an origin is asked with:
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginSslProtocols.html>
pub(super) const ORIGIN_TLS: Form =
    Form::new(r"SSLv3|TLSv1(\.[12])?", "a version is SSLv3, TLSv1, TLSv1.1 or TLSv1.2", &["TLSv1.2", "TLSv1.1"]);

/// What costs are told apart by, in small letters:
/// <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html>,
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_ExpressionDimensionValues.html>
#[rustfmt::skip]
const COSTS: &[&str] = &[
    "availabilityzone", "az", "billingentity", "cacheengine", "chargetype", "costcategory", "costcategoryname",
    "databaseengine", "deploymentoption", "instancefamily", "instancetype", "instancetypefamily", "invoicingentity",
    "legalentity", "legalentityname", "linkedaccount", "linkedaccountname", "operatingsystem", "operation",
    "paymentoption", "platform", "purchaseoption", "purchasetype", "recordtype", "region", "reservationid",
    "reservationmodified", "resourceid", "rightsizingtype", "savingsplanarn", "savingsplanstype", "scope", "service",
    "servicecode", "subscriptionid", "tag", "tagkey", "tagkeyvalue", "tenancy", "usagetype", "usagetypegroup",
];

/// What a budget's costs are told apart by.
pub(super) const COST_FILTER: Form = Form::new(
    "[A-Za-z_]+",
    "costs are told apart by Service, Region, LinkedAccount and so on",
    &["Service", "LinkedAccount"],
)
.and(|text| COSTS.contains(&text.replace('_', "").to_ascii_lowercase().as_str()));

/// A certificate that CloudFront can show:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html>
pub(super) const DISTRIBUTION_CERTIFICATE: Form = Form::new(
    r"arn:aws:acm:us-east-1:\d{12}:certificate/.+|arn:aws-[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/.+",
    "a certificate is named by its ARN, in us-east-1",
    &["arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"],
);

/// Where CloudFront's logs go:
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_LoggingConfig.html>
pub(super) const BUCKET_DOMAIN: Form = Form::new(
    r"[a-z0-9.-]+\.s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?",
    "a bucket is named by its domain, as logs.s3.amazonaws.com",
    &["logs.s3.amazonaws.com"],
);

/// A country of ISO 3166: <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GeoRestriction.html>
pub(super) const COUNTRY: Form = Form::new("[A-Z]{2}", "a country is named by two capitals", &["DE", "FR"]);

/// What IAM names roles, policies and profiles:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(super) const IAM_NAME: Form = Form::new(r"[\w+=,.@-]+", "letters, digits and +=,.@_- are taken", &["worker-1"]);

/// What roles are for: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
pub(super) const ROLE_WORDS: Form = Form::new(
    r"[\t\n\r -~\x{A1}-\x{FF}]*",
    "IAM takes letters, digits and signs of Latin-1 alone",
    &["What the server acts with"],
);

/// The path before such a name.
pub(super) const IAM_PATH: Form = Form::new(r"/(?:[!-~]+/)?", "a path begins and ends with /", &["/", "/apps/"]);

/// The SHA-1 of a certificate: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>
pub(super) const THUMBPRINT: Form = Form::new(
    "[0-9a-fA-F]{40}",
    "a thumbprint is 40 hexadecimal digits",
    &["9e99a48a9960b14926bb7f3b02e22da2b0ab7280", "06b25927c42a721631c1efd9431e648fa62e1e39"],
);

/// What RDS and ElastiCache name what they make:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints>
pub(super) const SMALL_NAME: Form = Form::new(
    "[a-z](?:-?[a-z0-9])*",
    "it begins with a lower-case letter; lower-case letters, digits and single hyphens are taken",
    &["orders-1"],
);

/// What EKS names clusters and their parts: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>
pub(super) const EKS_NAME: Form = Form::new(
    "[0-9A-Za-z][A-Za-z0-9_-]*",
    "letters, digits, - and _ are taken, a letter or digit first",
    &["workers-1"],
);

/// What AWS Backup names plans' rules and selections:
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html>
pub(super) const BACKUP_NAME: Form =
    Form::new(r"[a-zA-Z0-9_.-]+", "letters, digits and -_. are taken", &["daily", "weekly"]);

/// What security groups and their rules are for:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
pub(super) const GROUP_WORDS: Form = Form::new(
    r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*",
    "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* are taken",
    &["from the cluster"],
);

/// What security groups are called; the default one alone is `default`:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
pub(super) const GROUP_NAME: Form = Form::new(
    r"[A-Za-z0-9._\-:/()#,@\[\]+=&;{}!$*][A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*",
    "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* are taken, but neither `default` nor what begins with `sg-`",
    &["orders"],
)
.and(|name| !name.eq_ignore_ascii_case("default") && !name.starts_with("sg-"));

/// What groups of subnets are called: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html>
pub(super) const SUBNET_GROUP_NAME: Form =
    Form::new(r"[a-z0-9._ -]+", "lower-case letters, digits, spaces and ._- are taken, but not `default`", &["orders"])
        .and(|name| name != "default");

/// The same in ElastiCache, which has a group `default` of its own:
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheSubnetGroup.html>
pub(super) const CACHE_SUBNET_GROUP: Form = Form::new(
    SMALL_NAME.pattern,
    "it begins with a lower-case letter; lower-case letters, digits and single hyphens are taken, but not `default`",
    &["orders-1"],
)
.and(|name| name != "default");

/// EC2's snapshots of volumes: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
pub(super) const EBS_SNAPSHOT: Form = Form::new(
    "snap-(?:[0-9a-f]{8}|[0-9a-f]{17})",
    "it is snap- and 8 or 17 hexadecimal digits",
    &["snap-0123456789abcdef0"],
);

/// PostgreSQL's master user:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints>
pub(super) const MASTER_USER: Form = Form::new(
    "[A-Za-z][A-Za-z0-9_]*",
    "letters, digits and _ are taken, a letter first, but neither a word that PostgreSQL or RDS reserves, such as admin, \
     nor what begins with pg_",
    &["orders"],
)
.and(|name| {
    let name = name.to_ascii_lowercase();
    !name.starts_with("pg_") && !RESERVED_WORDS.contains(&name.as_str())
});

/// A value of Kubernetes's labels and taints, and the name in their keys:
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
pub(super) const LABEL: Form = Form::new(
    "([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?",
    "Kubernetes takes up to 63 letters, digits, -, _ and . with a letter or digit at both ends, in a value and in a key's \
     name",
    &["spot"],
);

/// What may stand before the name in such a key.
pub(super) const LABEL_DOMAIN: Form = Form::new(
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
    "before the / stand up to 253 lower-case letters, digits, - and ., with a letter or digit at both ends of each part",
    &["example.com"],
);

/// PostgreSQL's first database:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
pub(super) const DATABASE: Form = Form::new(
    "[A-Za-z_][A-Za-z0-9_]*",
    "letters, digits and _ are taken, no digit first, but no word that PostgreSQL or RDS reserves, such as user or db",
    &["orders"],
)
.and(|name| {
    let name = name.to_ascii_lowercase();
    name != "db" && !RESERVED_WORDS.contains(&name.as_str())
});

/// RDS's own users, and the words that SQL's grammar keeps from being names in PostgreSQL:
/// <https://www.postgresql.org/docs/17/sql-keywords-appendix.html>
#[rustfmt::skip]
const RESERVED_WORDS: &[&str] = &[
    "admin", "rdsadmin", "rdsrepladmin", "rds_superuser",
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check",
    "collate", "column", "constraint", "create", "current_catalog", "current_date", "current_role", "current_time",
    "current_timestamp", "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except",
    "false", "fetch", "for", "foreign", "from", "grant", "group", "having", "in", "initially", "intersect", "into",
    "lateral", "leading", "limit", "localtime", "localtimestamp", "not", "null", "offset", "on", "only", "or", "order",
    "placing", "primary", "references", "returning", "select", "session_user", "some", "symmetric", "system_user",
    "table", "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic", "when", "where", "window",
    "with",
];

/// A window each day: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
pub(super) const DAILY_WINDOW: Form = Form::new(
    r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d",
    "a daily window is written as 03:00-04:00",
    &["03:00-04:00", "07:30-08:30", "22:15-23:45"],
);

/// A window each week.
pub(super) const WEEKLY_WINDOW: Form = Form::new(
    r"(?i)(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d",
    "a maintenance window is written as sun:04:00-sun:05:00",
    &["mon:03:00-mon:04:00", "sat:12:00-sat:14:00"],
);

/// A version of an engine.
pub(super) const VERSION: Form =
    Form::new(r"\d+(?:\.\d+)*", "a version is written as 17 or 7.1", &["17", "7.1", "8.0"]);

/// A major version of a database engine.
pub(super) const MAJOR_VERSION: Form = Form::new(
    r"\d+(?:\.\d+)?",
    "a major version is written as 17 or 8.0",
    &["8.0", "8.4", "10.11", "11.4", "16", "17", "15.00", "16.00"],
);

/// A version of Kubernetes: <https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html>
pub(super) const KUBERNETES_VERSION: Form =
    Form::new(r"1\.\d\d", "a version of Kubernetes is written as 1.35", &["1.34", "1.35"]);

/// The release of a node group's image: Kubernetes and a day for Amazon Linux, its own version for Bottlerocket:
/// <https://docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html>
pub(super) const IMAGE_RELEASE: Form = Form::new(
    r"\d+\.\d+(\.\d+)?-[0-9a-z.]+",
    "a release is written as 1.35.0-20260120",
    &["1.35.0-20260120", "1.34.2-20251209"],
);

/// A family of RDS's parameters.
pub(super) const DB_FAMILY: Form =
    Form::new(r"[a-z-]+[0-9.]+", "a family is written as postgres17", &["postgres16", "postgres17", "mysql8.0"]);

/// A family of ElastiCache's parameters; Redis OSS gets no others, and Valkey goes on:
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html>
pub(super) const CACHE_FAMILY: Form = Form::new(
    r"memcached\d+\.\d+|redis(2\.6|2\.8|3\.2|4\.0|5\.0|6\.x|7)|valkey\d+(\.\d+)?",
    "a family is one of Redis OSS, as redis7 or redis6.x, of Valkey, as valkey8, or of Memcached, as memcached1.6",
    &["redis7", "valkey8", "valkey7", "redis6.x"],
);

/// The authority that signs the certificates of RDS's instances:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html>
pub(super) const CA_CERTIFICATE: Form = Form::new(
    r"rds-ca-(rsa|ecc)\d+-g\d+",
    "an authority is named as rds-ca-rsa2048-g1; those of years, as rds-ca-2019, have expired",
    &["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"],
);

/// A statistic beside the usual ones:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>
pub(super) const EXTENDED_STATISTIC: Form = Form::new(
    r"(?i)(p|tm|tc|ts|wm)(100(\.0+)?|\d{1,2}(\.\d+)?)|iqm|pr\([0-9.:-]+\)|(tm|tc|ts|wm)\([0-9.%:-]+\)",
    "a statistic is a percentile, p0 to p100, or as tm90, IQM, PR(1:2) or TM(10%:90%)",
    &["p99", "p90", "tm90", "IQM"],
);

/// A moment: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>
pub(super) const MOMENT: Form = Form::new(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})",
    "a moment is written as 2026-01-05T09:00:00Z",
    &["2026-01-05T09:00:00Z", "2026-01-05T10:00:00.5+01:00"],
)
.and(|text| {
    // The pattern has them all in the same place.
    let number = |at: std::ops::Range<usize>| text.get(at).and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=12).contains(&month)
        && (1..=days).contains(&day)
        && number(11..13) < 24
        && number(14..16) < 60
        && number(17..19) <= 60
});

/// What EC2 names by a prefix and hexadecimal digits, by what a stack program calls it:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
const IDS: &[(&str, Form)] = &[
    ("Vpc", Form::new(id!("vpc-"), "the id of a VPC is vpc- and 8 or 17 hexadecimal digits", &[])),
    ("Subnet", Form::new(id!("subnet-"), "the id of a subnet is subnet- and 8 or 17 hexadecimal digits", &[])),
    (
        "SecurityGroup",
        // A peer's group is named with its account before it.
        Form::new(
            concat!(r"(\d{12}/)?", id!("sg-")),
            "the id of a security group is sg- and 8 or 17 hexadecimal digits",
            &[],
        ),
    ),
    (
        "Ami",
        // EC2 reads an image's id from a parameter where it is told so.
        Form::new(
            concat!("resolve:ssm:.+|", id!("ami-")),
            "the id of an image is ami- and 8 or 17 hexadecimal digits",
            &[],
        ),
    ),
    ("RouteTable", Form::new(id!("rtb-"), "the id of a route table is rtb- and 8 or 17 hexadecimal digits", &[])),
    ("Instance", Form::new(id!("i-"), "the id of an instance is i- and 8 or 17 hexadecimal digits", &[])),
    ("EbsVolume", Form::new(id!("vol-"), "the id of a volume is vol- and 8 or 17 hexadecimal digits", &[])),
];

/// The form of what a field holds by its Rust type: of ids, or of ARNs.
pub(crate) fn of_type(rust: &str) -> Option<&'static Form> {
    if rust.contains("Arn<") {
        return Some(&ARN);
    }
    let named = rust.split_once("Id<")?.1.split_once('>')?.0;
    IDS.iter().find(|(of, _)| *of == named).map(|(_, form)| form)
}

/// A device: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html>
pub(super) const DEVICE: Form = Form::new(
    "/dev/(?:sd[b-z][0-9]{0,2}|xvd[a-z]{1,2}|hd[b-z])|xvd[a-z]{1,2}",
    "a device is written as /dev/sdf",
    &["/dev/sdf", "/dev/sdz", "/dev/xvdbb"],
);

/// Bytes as a text.
pub(super) const BASE64: Form = Form::new(
    r"(?s).*",
    "it is no base64; end the text with `.base64()`",
    &["IyEvYmluL3NoCmVjaG8gMQo=", "IyEvYmluL3NoCmVjaG8gMgo="],
)
.and(|text| super::launch_template::decoded(text).is_some());
