//! The SDK's clients of one region, behind one gate that limits, counts and explains every call.
//!
//! The SDK sends once: no retries of its own, no watching of streams. A call is
//! [`Client::send`] with the SDK's future; nothing else here waits, and this only
//! where a limit says so.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use fathuss_engine::Clock;
use fathuss_engine::provider::{CallCounts, Failure, FailureClass};
use fathuss_state::{Fence, StateError};

use crate::call::{Access, Call, Service};
use crate::failure;
use crate::limit::Limit;
use crate::transport::{Listener, Overheard, Plugged, Told, Transport};

/// How AWS is reached. Nothing in it comes from the environment but by [`Config::from_environment`].
#[derive(Clone)]
pub struct Config {
    sdk: SdkConfig,
    clock: Rc<dyn Clock>,
    account: Option<String>,
    lineage: Option<String>,
    fence: Option<Fence>,
}

impl Config {
    /// Real HTTP with these credentials. Limits wait on `clock`.
    #[must_use]
    pub fn new(credentials: impl ProvideCredentials + 'static, clock: Rc<dyn Clock>) -> Self {
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(https())
            .time_source(SharedTimeSource::default())
            .build();
        Self::over(sdk, clock).timeouts(CONNECT, READ)
    }

    /// What the machine's environment says: the usual credential chain, `AWS_PROFILE` (or the
    /// profile given), `AWS_ENDPOINT_URL` and the shared configuration files.
    ///
    /// This is the one place of the library that reads them, and it does so only where a
    /// program calls it. The region is not taken from there: every address names its own.
    pub async fn from_environment(profile: Option<&str>, clock: Rc<dyn Clock>) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(https());
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        Self::over(loader.load().await, clock).timeouts(CONNECT, READ)
    }

    fn over(sdk: SdkConfig, clock: Rc<dyn Clock>) -> Self {
        let mut sdk = sdk
            .into_builder()
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
        // The name is a literal of allowed characters.
        sdk.set_app_name(AppName::new("fathuss").ok());
        Self { sdk: sdk.build(), clock, account: None, lineage: None, fence: None }
    }

    /// Sends through this instead of a socket, with the time that `now` tells in signatures,
    /// and without timeouts: who answers in this process says itself when no answer comes.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>, now: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        self.sdk = self
            .sdk
            .into_builder()
            .http_client(Plugged(transport))
            .time_source(SharedTimeSource::new(Told(now)))
            .timeout_config(TimeoutConfig::disabled())
            .build();
        self
    }

    /// Lets `listener` hear the headers of every answer.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        if let Some(client) = self.sdk.http_client() {
            self.sdk = self.sdk.into_builder().http_client(Overheard { client, listener }).build();
        }
        self
    }

    /// The one address that answers for every service, for instance of a sandbox.
    #[must_use]
    pub fn endpoint(mut self, url: &str) -> Self {
        self.sdk = self.sdk.into_builder().endpoint_url(url).build();
        self
    }

    /// How long connecting and the wait for an answer's first byte may take.
    #[must_use]
    pub fn timeouts(mut self, connect: Duration, read: Duration) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(connect).read_timeout(read).build();
        self.sdk = self.sdk.into_builder().timeout_config(timeouts).build();
        self
    }

    /// The one account that may be touched.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// The state's lineage: reads ask for what carries it, and report what is in no state.
    #[must_use]
    pub fn lineage(mut self, lineage: &str) -> Self {
        self.lineage = Some(lineage.to_owned());
        self
    }

    /// To be asked before each call that changes anything: whether the state is still this run's.
    #[must_use]
    pub fn fence(mut self, fence: Fence) -> Self {
        self.fence = Some(fence);
        self
    }

    /// Whose requests they are.
    pub(crate) fn credentials(&self) -> Option<SharedCredentialsProvider> {
        self.sdk.credentials_provider()
    }

    /// The time that requests are signed at.
    pub(crate) fn now(&self) -> SystemTime {
        self.sdk.time_source().unwrap_or_default().now()
    }

    pub(crate) fn allowed_account(&self) -> Option<&str> {
        self.account.as_deref()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("account", &self.account).field("lineage", &self.lineage).finish_non_exhaustive()
    }
}

/// The SDK's own default for connecting is 3.1 s; a loaded network takes longer.
const CONNECT: Duration = Duration::from_secs(10);
/// The slowest synchronous answers (`CreateCluster`, `RunInstances`) take some seconds.
const READ: Duration = Duration::from_secs(60);

fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

/// The services of one region.
pub struct Client {
    /// The region.
    pub region: String,
    /// The lineage of the state that this run is about.
    pub lineage: Option<String>,
    /// The one account that may be touched, where one is named.
    pub account: Option<String>,
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
    /// ElastiCache.
    pub elasticache: aws_sdk_elasticache::Client,
    /// IAM.
    pub iam: aws_sdk_iam::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// SNS.
    pub sns: aws_sdk_sns::Client,
    /// Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// Route 53.
    pub route53: aws_sdk_route53::Client,
    /// Certificate Manager.
    pub acm: aws_sdk_acm::Client,
    /// CloudFront.
    pub cloudfront: aws_sdk_cloudfront::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
    /// AWS Backup.
    pub backup: aws_sdk_backup::Client,
    /// AWS Budgets.
    pub budgets: aws_sdk_budgets::Client,
    /// Cost Explorer.
    pub costs: aws_sdk_costexplorer::Client,
    /// Systems Manager.
    pub ssm: aws_sdk_ssm::Client,
    /// EC2 Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// Elastic Load Balancing.
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// Elastic Load Balancing's older API, that of classic load balancers.
    pub classic_elb: aws_sdk_elasticloadbalancing::Client,
    gate: Rc<Gate>,
}

impl Client {
    pub(crate) fn new(config: &Config, region: &str, gate: Rc<Gate>) -> Self {
        let regional = |region: &str| config.sdk.to_builder().region(Region::new(region.to_owned())).build();
        let (sdk, global) = (regional(region), regional(home_of_global(region)));
        Self {
            region: region.to_owned(),
            lineage: config.lineage.clone(),
            account: config.account.clone(),
            ec2: aws_sdk_ec2::Client::new(&sdk),
            eks: aws_sdk_eks::Client::new(&sdk),
            rds: aws_sdk_rds::Client::new(&sdk),
            elasticache: aws_sdk_elasticache::Client::new(&sdk),
            iam: aws_sdk_iam::Client::new(&global),
            kms: aws_sdk_kms::Client::new(&sdk),
            logs: aws_sdk_cloudwatchlogs::Client::new(&sdk),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&sdk),
            sns: aws_sdk_sns::Client::new(&sdk),
            secrets: aws_sdk_secretsmanager::Client::new(&sdk),
            route53: aws_sdk_route53::Client::new(&global),
            acm: aws_sdk_acm::Client::new(&sdk),
            cloudfront: aws_sdk_cloudfront::Client::new(&global),
            s3: aws_sdk_s3::Client::from_conf(s3(&sdk)),
            sts: aws_sdk_sts::Client::new(&sdk),
            backup: aws_sdk_backup::Client::new(&sdk),
            budgets: aws_sdk_budgets::Client::new(&global),
            costs: aws_sdk_costexplorer::Client::new(&global),
            ssm: aws_sdk_ssm::Client::new(&sdk),
            autoscaling: aws_sdk_autoscaling::Client::new(&sdk),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(&sdk),
            classic_elb: aws_sdk_elasticloadbalancing::Client::new(&sdk),
            gate,
        }
    }

    /// Lets time pass, by the clock that limits wait on.
    pub(crate) async fn pause(&self, time: Duration) {
        self.gate.clock.sleep(time).await;
    }

    /// Sends one call: waits while its limit says so, counts it, and says what can be done about a failure.
    pub async fn send<O, E>(
        &self,
        call: Call,
        future: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) -> Result<O, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.gate.enter(&self.region, &call).await?;
        // A call's future is large; in a box, those that hold it stay small.
        let answer = Box::pin(future).await.map_err(|error| failure::from_sdk(&call, &error));
        let throttled = answer.as_ref().is_err_and(|failure| failure.class == FailureClass::Throttled);
        self.gate.leave(&self.region, &call, throttled);
        answer
    }
}

/// S3's clients put a bucket before the host's name, which is AWS's. At one address for every service it stands in the
/// path.
fn s3(sdk: &SdkConfig) -> aws_sdk_s3::Config {
    let own_address = sdk.endpoint_url().is_some();
    aws_sdk_s3::config::Builder::from(sdk).force_path_style(own_address).build()
}

/// Where the requests of CloudFront, IAM and Route 53 are signed for. The SDK knows it by their own endpoints, and forgets it for any
/// other.
/// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
fn home_of_global(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "cn-north-1",
        _ if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("region", &self.region).finish_non_exhaustive()
    }
}

/// What every client of a run shares: the limits and the counts.
pub(crate) struct Gate {
    clock: Rc<dyn Clock>,
    fence: Option<Fence>,
    limits: RefCell<BTreeMap<(String, Service, Access), Limit>>,
    counts: RefCell<CallCounts>,
}

impl Gate {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            clock: Rc::clone(&config.clock),
            fence: config.fence.clone(),
            limits: RefCell::default(),
            counts: RefCell::default(),
        }
    }

    pub(crate) fn counts(&self) -> CallCounts {
        self.counts.borrow().clone()
    }

    /// Waits as long as its limit says. A call that changes anything passes only while the state is this run's: it is
    /// signed right after this.
    async fn enter(&self, region: &str, call: &Call) -> Result<(), Failure> {
        let wait = self.with_limit(region, call, Limit::admit);
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        if let (Access::Write, Some(fence)) = (call.access(), &self.fence) {
            let refused = |error: StateError| Failure {
                service: "fathuss".to_owned(),
                ..failure::refused("NotHeld", format!("{error}; nothing was sent"))
            };
            fence().map_err(refused)?;
        }
        let operation = (call.service.name().to_owned(), call.operation.to_owned());
        *self.counts.borrow_mut().operations.entry(operation).or_default() += 1;
        Ok(())
    }

    fn leave(&self, region: &str, call: &Call, throttled: bool) {
        if throttled {
            self.counts.borrow_mut().throttled += 1;
            self.with_limit(region, call, Limit::throttled);
        } else {
            self.with_limit(region, call, Limit::answered);
        }
    }

    fn with_limit<T>(&self, region: &str, call: &Call, then: impl FnOnce(&mut Limit, Duration) -> T) -> T {
        let region = if call.service.is_global() { "" } else { region };
        let key = (region.to_owned(), call.service, call.access());
        let mut limits = self.limits.borrow_mut();
        let limit = limits.entry(key).or_insert_with(|| Limit::for_service(call.service, call.access()));
        then(limit, self.clock.now())
    }
}
