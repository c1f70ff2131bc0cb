//! One call as the provider thinks of it: service, operation, and which refusals are only a matter of time.

use fathuss_engine::provider::FailureClass;

/// A service by the name that errors and counts show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Elastic Compute Cloud.
    Ec2,
    /// Elastic Kubernetes Service.
    Eks,
    /// Relational Database Service.
    Rds,
    /// Redis and Memcached.
    ElastiCache,
    /// Identity and Access Management.
    Iam,
    /// Security Token Service.
    Sts,
    /// Key Management Service.
    Kms,
    /// CloudWatch Logs.
    Logs,
    /// Secrets Manager.
    SecretsManager,
    /// Route 53.
    Route53,
    /// Simple Storage Service.
    S3,
    /// CloudWatch, without its logs.
    CloudWatch,
    /// Simple Notification Service.
    Sns,
    /// AWS Backup.
    Backup,
    /// AWS Budgets.
    Budgets,
    /// Cost Explorer.
    CostExplorer,
    /// Certificate Manager.
    Acm,
    /// CloudFront.
    CloudFront,
    /// Systems Manager.
    Ssm,
    /// EC2 Auto Scaling.
    AutoScaling,
    /// Elastic Load Balancing, by both of its APIs.
    ElasticLoadBalancing,
}

impl Service {
    /// The name as AWS writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::Eks => "EKS",
            Self::Rds => "RDS",
            Self::ElastiCache => "ElastiCache",
            Self::Iam => "IAM",
            Self::Sts => "STS",
            Self::Kms => "KMS",
            Self::Logs => "CloudWatch Logs",
            Self::SecretsManager => "Secrets Manager",
            Self::Route53 => "Route 53",
            Self::S3 => "S3",
            Self::CloudWatch => "CloudWatch",
            Self::Sns => "SNS",
            Self::Backup => "Backup",
            Self::Budgets => "Budgets",
            Self::CostExplorer => "Cost Explorer",
            Self::Acm => "ACM",
            Self::CloudFront => "CloudFront",
            Self::Ssm => "Systems Manager",
            Self::AutoScaling => "Auto Scaling",
            Self::ElasticLoadBalancing => "Elastic Load Balancing",
        }
    }

    /// Whether its limits are counted for the account, not per region.
    #[must_use]
    pub fn is_global(self) -> bool {
        matches!(self, Self::Iam | Self::Route53 | Self::CloudFront | Self::Budgets | Self::CostExplorer)
    }
}

/// What a call does, as limits see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Changes nothing.
    Read,
    /// Creates, changes or removes.
    Write,
}

/// A call about to be sent.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service.
    pub service: Service,
    /// The operation, for instance `CreateVpc`.
    pub operation: &'static str,
    expected: Vec<Expected>,
}

#[derive(Clone, Debug)]
enum Expected {
    /// Any code that ends in `NotFound`: what it refers to was only just made.
    Lag,
    /// This code, where the message holds these words (any message where they are empty), for that reason.
    Code { code: &'static str, words: &'static str, class: FailureClass },
}

impl Call {
    /// A call of any service.
    #[must_use]
    pub fn new(service: Service, operation: &'static str) -> Self {
        Self { service, operation, expected: Vec::new() }
    }

    /// A call of EC2.
    #[must_use]
    pub fn ec2(operation: &'static str) -> Self {
        Self::new(Service::Ec2, operation)
    }

    /// A call of EKS.
    #[must_use]
    pub fn eks(operation: &'static str) -> Self {
        Self::new(Service::Eks, operation)
    }

    /// A call of RDS.
    #[must_use]
    pub fn rds(operation: &'static str) -> Self {
        Self::new(Service::Rds, operation)
    }

    /// A call of ElastiCache.
    #[must_use]
    pub fn elasticache(operation: &'static str) -> Self {
        Self::new(Service::ElastiCache, operation)
    }

    /// A call of IAM.
    #[must_use]
    pub fn iam(operation: &'static str) -> Self {
        Self::new(Service::Iam, operation)
    }

    /// A call of KMS.
    #[must_use]
    pub fn kms(operation: &'static str) -> Self {
        Self::new(Service::Kms, operation)
    }

    /// A call of CloudWatch Logs.
    #[must_use]
    pub fn logs(operation: &'static str) -> Self {
        Self::new(Service::Logs, operation)
    }

    /// A call of Secrets Manager.
    #[must_use]
    pub fn secrets(operation: &'static str) -> Self {
        Self::new(Service::SecretsManager, operation)
    }

    /// A call of S3.
    #[must_use]
    pub fn s3(operation: &'static str) -> Self {
        Self::new(Service::S3, operation)
    }

    /// A call of CloudWatch.
    #[must_use]
    pub fn cloudwatch(operation: &'static str) -> Self {
        Self::new(Service::CloudWatch, operation)
    }

    /// A call of SNS.
    #[must_use]
    pub fn sns(operation: &'static str) -> Self {
        Self::new(Service::Sns, operation)
    }

    /// What it refers to may have been made a moment ago: a code that says it is not found means not seen yet.
    #[must_use]
    pub fn lagging(mut self) -> Self {
        self.expected.push(Expected::Lag);
        self
    }

    /// A refusal with this code, and these words in its message where any are given, means not yet.
    #[must_use]
    pub fn expects(self, code: &'static str, words: &'static str) -> Self {
        self.expecting(code, words, FailureClass::NotYet)
    }

    /// A refusal like this means that what it refers to was made a moment ago, and is not seen there yet.
    #[must_use]
    pub fn unseen(self, code: &'static str, words: &'static str) -> Self {
        self.expecting(code, words, FailureClass::Unseen)
    }

    fn expecting(mut self, code: &'static str, words: &'static str, class: FailureClass) -> Self {
        self.expected.push(Expected::Code { code, words, class });
        self
    }

    /// Whether it reads or writes.
    #[must_use]
    pub fn access(&self) -> Access {
        let reads = ["Describe", "List", "Get"].iter().any(|verb| self.operation.starts_with(verb));
        if reads { Access::Read } else { Access::Write }
    }

    pub(crate) fn removes(&self) -> bool {
        ["Delete", "Detach", "Disassociate", "Release", "Remove", "Revoke", "Terminate"]
            .iter()
            .any(|verb| self.operation.starts_with(verb))
    }

    /// What a refusal that is only a matter of time waits for.
    pub(crate) fn expected(&self, code: &str, message: &str) -> Option<FailureClass> {
        self.expected.iter().find_map(|expected| match expected {
            Expected::Lag => {
                let unseen = code.ends_with(".NotFound") || code.ends_with(".Unknown") || code.contains("NotFound");
                unseen.then_some(FailureClass::Unseen)
            }
            Expected::Code { code: expected, words, class } => {
                (code == *expected && message.contains(words)).then_some(*class)
            }
        })
    }
}
