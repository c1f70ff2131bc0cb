//! What programs of an account ask for that run beside the simulator, in its process: an operation with its members, and
//! no request around them. Everything else is as for a request: what is due happens first, what is refused changes
//! nothing, and what is done is written before the answer.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::Simulator;
use crate::client_token;
use crate::costexplorer::tag_key;
use crate::front::{Call, Core, storage};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::upkeep::commit;
use crate::value::Value;
use crate::world::{Principal, Scope, Tx};

/// In whose name something is asked for, and where.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The account, as its administrator.
    pub account: &'a str,
    /// The region.
    pub region: &'a str,
}

impl Simulator {
    /// Asks a service, by its name in signatures, for an operation. Reads see every write at once, and no fault, rate or
    /// policy is in the way.
    ///
    /// # Errors
    /// The service's refusal.
    pub fn ask(&self, asker: Asker<'_>, service: &str, operation: &str, input: &Value) -> Result<Value, Refusal> {
        self.lock().ask(asker, service, operation, input)
    }
}

impl Core {
    fn ask(&mut self, asker: Asker<'_>, service: &str, operation: &str, input: &Value) -> Result<Value, Refusal> {
        let now = self.clock.now();
        let request_id = self.request_id();
        let answer = self.served(asker, service, operation, input, now);
        self.note(Call {
            at: now,
            service: service.to_owned(),
            operation: operation.to_owned(),
            region: asker.region.to_owned(),
            status: Some(answer.as_ref().map_or_else(|refusal| refusal.status.unwrap_or(400), |_| 200)),
            code: answer.as_ref().err().map(|refusal| refusal.code.to_string()),
            request_id,
        });
        answer
    }

    fn served(
        &mut self,
        asker: Asker<'_>,
        name: &str,
        operation: &str,
        input: &Value,
        now: jiff::Timestamp,
    ) -> Result<Value, Refusal> {
        let missing = || Refusal::not_simulated(format!("{name} {operation}"));
        let service = self.services.iter().copied().find(|service| service.name == name).ok_or_else(missing)?;
        let handler = service.handler(operation).ok_or_else(missing)?;
        self.settle(now).map_err(|error| storage(service, &error))?;
        let principal = Principal::root(asker.account);
        let scope = Scope { account: asker.account.to_owned(), region: asker.region.to_owned() };
        self.furnish(&scope, now, &principal).map_err(|error| storage(service, &error))?;
        let mut tx = Tx::begin(&mut self.state, scope, now, principal, operation, false);
        let read = RefCell::new(HashSet::new());
        let tokens = service.manners.tokens.as_ref();
        let answer = client_token::idempotent(&mut tx, service.name, tokens, input, &read, handler)?;
        let unread = Input::new(input, &read).unread();
        if !unread.is_empty() {
            return Err(Refusal::not_simulated(format!("{name} {operation} with {}", unread.join(", "))));
        }
        if !["Describe", "Get", "List"].iter().any(|start| operation.starts_with(start)) {
            tag_key::note(&mut tx, input);
        }
        commit(tx, &mut self.journal).map_err(|error| storage(service, &error))?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::record;

    #[tokio::test(start_paused = true)]
    async fn what_is_made_without_a_request_is_there_for_those_who_send_one() {
        let client = Client::calm();
        let asker = Asker { account: "000000000000", region: "us-east-1" };
        let zone = record! { "AvailabilityZone" => "us-east-1a", "Size" => 1_i64, "ClientToken" => "once" };
        let ask = |operation: &str, input: &Value| client.simulator.ask(asker, "ec2", operation, input);
        let made = ask("CreateVolume", &zone).unwrap();
        let again = ask("CreateVolume", &zone).unwrap();
        assert_eq!(made.get("VolumeId"), again.get("VolumeId"));
        let shown = client.ec2("DescribeVolumes", &[]).await.all("volumeId");
        assert_eq!(shown, [made.get("VolumeId").text().unwrap()]);
        let refused = ask("DeleteVolume", &record! { "VolumeId" => "vol-0123456789abcdef0" }).unwrap_err();
        assert_eq!(refused.code, "InvalidVolume.NotFound");
        let coloured = record! { "AvailabilityZone" => "us-east-1a", "Size" => 1_i64, "Colour" => "red" };
        let unknown = ask("CreateVolume", &coloured);
        assert_eq!(unknown.unwrap_err().code, "NotSimulated");
        assert_eq!(client.simulator.log().last().unwrap().operation, "CreateVolume");
    }
}
