//! Who asks: a request's signature leads to whoever signed it, and to what they may be here.

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

use crate::front::Core;
use crate::identity::{self, Credential, Identity};
use crate::protocol::Form;
use crate::refusal::Refusal;
use crate::service::{Open, Service};
use crate::signature::{self, AuthFlaw};
use crate::world::{Principal, Scope, Tx};

impl Core {
    /// Who asks, where their signature is good, and for a region that the service has.
    pub(crate) fn admit(
        &self,
        service: &Service,
        claim: &signature::Claim,
        now: Timestamp,
        signed_now: Timestamp,
    ) -> Result<Principal, Refusal> {
        let region = &claim.region;
        let principal =
            self.principal(claim, now, signed_now).map_err(|flaw| (service.manners.unauthenticated)(&flaw))?;
        let at_home = service.manners.home.is_none_or(|home| home == region);
        if !at_home && self.state.switches.is_on("region") {
            let message = "Credential should be scoped to a valid region.";
            return Err(Refusal::new("SignatureDoesNotMatch", message).status(403));
        }
        if crate::ec2::zone::zones(region).is_empty() && self.state.switches.is_on("region") {
            return Err(Refusal::not_simulated(format!("region {region}")));
        }
        Ok(principal)
    }

    fn principal(
        &self,
        claim: &signature::Claim,
        now: Timestamp,
        signed_now: Timestamp,
    ) -> Result<Principal, AuthFlaw> {
        if claim.is_none() {
            return Ok(self.nobody());
        }
        let enforced = self.state.switches.is_on("signature");
        let check = |secret: &str| {
            if enforced { claim.check(secret, signed_now) } else { Ok(()) }
        };
        let configured = self.identities.iter().find(|identity| identity.key == claim.access_key);
        if let Some(identity) = configured.cloned().or_else(|| self.of_account(&claim.access_key)) {
            check(&identity.secret)?;
            // A long-term key has no session: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html>
            if enforced && claim.session_token.is_some() {
                return Err(AuthFlaw::ForeignToken);
            }
            return Ok(identity.principal());
        }
        let world = Scope { account: String::new(), region: String::new() };
        let table = self.state.tables.of::<Credential>().and_then(|table| table.rows.get(&world));
        match table.and_then(|rows| rows.get(&claim.access_key)).map(|slot| &slot.row) {
            Some(credential) => {
                if claim.session_token.as_deref() != Some(&credential.session_token) {
                    return Err(AuthFlaw::UnknownKey);
                }
                check(&credential.secret)?;
                if credential.expires <= now {
                    return Err(AuthFlaw::ExpiredToken);
                }
                Ok(credential.principal.clone())
            }
            None if enforced => {
                let expired = claim.session_token.as_deref().is_some_and(|token| identity::has_expired(token, now));
                Err(if expired { AuthFlaw::ExpiredToken } else { AuthFlaw::UnknownKey })
            }
            None => self.identities.first().map(Identity::principal).ok_or(AuthFlaw::UnknownKey),
        }
    }

    /// The administrator whose access key is the account's number.
    fn of_account(&self, key: &str) -> Option<Identity> {
        let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        let secret = self.account_secret.clone().filter(|_| is_account)?;
        Some(Identity { key: key.to_owned(), secret, account: key.to_owned(), arn: None })
    }

    /// What stands for the signature of an operation that is called without one.
    pub(crate) fn unsigned(&self, flaw: &AuthFlaw, form: &Form) -> Option<signature::Claim> {
        let action = form.get("Action").filter(|_| matches!(flaw, AuthFlaw::Missing))?;
        let takes = |service: &&&'static Service| {
            (service.model)().operations.get(action).is_some_and(|operation| operation.unsigned)
        };
        self.services.iter().find(takes).map(|service| signature::Claim::none(service.name))
    }

    /// What a service answers to whoever asks.
    pub(crate) fn open(&mut self, service: &Service, request: &Request<Bytes>, now: Timestamp) -> Open {
        (service.manners.open)(&self.look(now), request)
    }

    /// Lets a service say in an answer what it says to whoever asks.
    pub(crate) fn beside(
        &mut self,
        service: &Service,
        request: &Request<Bytes>,
        now: Timestamp,
        answer: &mut Response<Bytes>,
    ) {
        (service.manners.beside)(&self.look(now), request, answer);
    }

    /// The world as nobody sees it who is not asked who they are.
    fn look(&mut self, now: Timestamp) -> Tx<'_> {
        let nobody = self.nobody();
        let scope = Scope { account: nobody.account.clone(), region: String::new() };
        Tx::begin(&mut self.state, scope, now, nobody, "", true)
    }

    /// Whoever is not asked who they are.
    fn nobody(&self) -> Principal {
        let account = self.identities.first().map(|identity| identity.account.clone()).unwrap_or_default();
        let nobody = "anonymous".to_owned();
        Principal { account, arn: nobody.clone(), user_id: nobody, access_key: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::client::Client;
    use crate::signature::tests::sign;
    use crate::{Config, Simulator};

    #[tokio::test(start_paused = true)]
    async fn requests_are_refused_without_a_valid_signature() {
        let client = Client::calm();
        let mut request = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        sign(&mut request, "test", "wrong", "us-east-1", "ec2", client.simulator.now());
        let refused = client.send(request).await.unwrap();
        assert_eq!((refused.status, refused.code.as_str()), (401, "AuthFailure"));
        assert_eq!(refused.message, "AWS was not able to validate the provided access credentials");

        let mut request = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        sign(&mut request, "stranger", "test", "us-east-1", "ec2", client.simulator.now());
        assert_eq!(client.send(request).await.unwrap().code, "AuthFailure");

        let mut request = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        request.headers_mut().remove("authorization");
        assert_eq!(client.send(request).await.unwrap().code, "MissingParameter");

        let request = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        client.wait(3600);
        assert_eq!(client.send(request).await.unwrap().code, "RequestExpired");

        let mut request = client.query_request("ec2", "2016-11-15", "DescribeVpcs", &[]);
        *request.body_mut() = Bytes::from_static(b"Action=DeleteVpc&Version=2016-11-15&VpcId=vpc-12345678");
        assert_eq!(client.send(request).await.unwrap().code, "AuthFailure", "the body is signed too");
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_of_twelve_digits_is_the_administrator_of_that_account() {
        let open = |secret: Option<&str>| {
            let account_secret = secret.map(str::to_owned);
            Client::of(Simulator::open(Config { account_secret, ..Config::calm(1) }).unwrap())
        };
        let ask = async |client: &Client, key: &str| {
            let mut request = client.query_request("sts", "2011-06-15", "GetCallerIdentity", &[]);
            sign(&mut request, key, "test", "us-east-1", "sts", client.simulator.now());
            let answer = client.simulator.handle(request).await.unwrap();
            String::from_utf8_lossy(answer.body()).into_owned()
        };
        let client = open(Some("test"));
        assert!(ask(&client, "111122223333").await.contains("arn:aws:iam::111122223333:user/administrator"));
        assert!(ask(&client, "11112222333").await.contains("InvalidClientTokenId"));
        assert!(ask(&open(Some("other")), "111122223333").await.contains("SignatureDoesNotMatch"));
        assert!(ask(&open(None), "111122223333").await.contains("InvalidClientTokenId"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_region_that_is_not_there_is_not_simulated() {
        let mut client = Client::calm();
        client.region = "us-esat-1";
        let message = "region us-esat-1 is not simulated";
        let answer = client.query("ec2", "2016-11-15", "DescribeVpcs", &[]).await;
        assert_eq!(answer.status, 501);
        assert!(answer.text.contains(message), "{}", answer.text);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_term_key_takes_no_session_token() {
        let client = Client::calm();
        for (service, version, action, code) in [
            ("sts", "2011-06-15", "GetCallerIdentity", "InvalidClientTokenId"),
            ("ec2", "2016-11-15", "DescribeVpcs", "AuthFailure"),
        ] {
            let mut request = client.query_request(service, version, action, &[]);
            request.headers_mut().remove("authorization");
            request.headers_mut().insert("x-amz-security-token", "anything".parse().unwrap());
            sign(&mut request, "test", "test", "us-east-1", service, client.simulator.now());
            assert_eq!(client.send(request).await.unwrap().code, code, "{service}");
        }
    }
}
