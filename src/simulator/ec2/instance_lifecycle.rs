//! An instance's way from pending to gone: started, stopped, rebooted, terminated.

use jiff::SignedDuration;

use crate::ec2::address;
use crate::ec2::instance::{Instance, interfaces_of, named, state_view, volumes_of, wrong_state};
use crate::ec2::network_interface::{self, NetworkInterface};
use crate::ec2::resource::nothing;
use crate::ec2::subnet::Subnet;
use crate::ec2::tags::{self, Tag};
use crate::ec2::volume::{self, Volume};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Pending, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("RebootInstances", reboot),
    ("StartInstances", start),
    ("StopInstances", stop),
    ("TerminateInstances", terminate),
];

pub(super) const SPANS: &[Span] = &[
    Span::new("ec2.instance.launch", 18.0, 42.0),
    Span::new("ec2.instance.start", 12.0, 35.0),
    Span::new("ec2.instance.stop", 15.0, 60.0),
    Span::new("ec2.instance.terminate", 25.0, 70.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("ec2.instance.running", became_running),
    ("ec2.instance.keyless", |tx, pending| {
        if let Some(instance) = tx.get::<Instance>(&pending.subject).cloned() {
            let reason = ("Client.InvalidKMSKey.InvalidState", "The KMS key provided is in an incorrect state");
            end_because(tx, &instance, reason, String::new());
        }
    }),
    ("ec2.instance.stopped", became_stopped),
    ("ec2.instance.terminated", became_terminated),
    ("ec2.instance.gone", |tx, pending| {
        tags::forget(tx, &pending.subject);
        tx.remove::<Instance>(&pending.subject);
    }),
];

/// How long a terminated instance is still shown.
const SHOWN_AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);

const LIFECYCLE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.instance.state",
        "an instance is started when stopped, stopped and rebooted when it runs",
        LIFECYCLE,
    ),
    Rule::new(
        "ec2.instance.terminate.protection",
        "a protected instance is not terminated",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html",
    ),
    Rule::new(
        "ec2.instance.stop.protection",
        "an instance protected from it is not stopped",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html",
    ),
];

fn became_running(tx: &mut Tx<'_>, pending: &Pending) {
    tx.change::<Instance>(&pending.subject, |instance| {
        instance.state = "running".to_owned();
        instance.metadata.state = "applied".to_owned();
        if let Some(profile) = instance.profile.as_mut() {
            profile.state = "associated".to_owned();
        }
    });
    let interfaces: Vec<String> = interfaces_of(tx, &pending.subject).iter().map(|one| one.id.clone()).collect();
    for id in interfaces {
        tx.change::<NetworkInterface>(&id, |interface| {
            if let Some(attachment) = interface.attachment.as_mut() {
                attachment.status = "attached".to_owned();
            }
        });
    }
    for id in volumes_of(tx, &pending.subject) {
        tx.change::<Volume>(&id, |volume| {
            if let Some(attachment) = volume.attachment.as_mut() {
                attachment.state = "attached".to_owned();
            }
        });
    }
}

fn became_stopped(tx: &mut Tx<'_>, pending: &Pending) {
    tx.change::<Instance>(&pending.subject, |instance| instance.state = "stopped".to_owned());
    // An address given at launch goes back; an Elastic IP stays.
    let interfaces: Vec<String> = interfaces_of(tx, &pending.subject).iter().map(|one| one.id.clone()).collect();
    for id in interfaces {
        tx.change::<NetworkInterface>(&id, |interface| interface.public_ip = None);
    }
}

fn became_terminated(tx: &mut Tx<'_>, pending: &Pending) {
    let id = &pending.subject;
    let interfaces: Vec<NetworkInterface> = interfaces_of(tx, id).into_iter().cloned().collect();
    for interface in interfaces {
        if interface.attachment.as_ref().is_some_and(|attachment| attachment.delete_on_termination) {
            network_interface::remove(tx, &interface.id);
        } else {
            tx.change::<NetworkInterface>(&interface.id, |interface| interface.attachment = None);
        }
    }
    for held in volumes_of(tx, id) {
        let goes = tx
            .get::<Volume>(&held)
            .and_then(|volume| volume.attachment.as_ref())
            .is_some_and(|attachment| attachment.delete_on_termination);
        if goes {
            volume::remove(tx, &held);
        } else {
            tx.cancel("ec2.volume.detached", &held);
            tx.change::<Volume>(&held, |volume| {
                volume.attachment = None;
                volume.state = "available".to_owned();
            });
        }
    }
    tx.change::<Instance>(id, |instance| {
        instance.state = "terminated".to_owned();
        instance.private_ip = None;
        instance.profile = None;
    });
    tx.after(SHOWN_AFTERWARDS, "ec2.instance.gone", id);
}

fn change_view(id: &str, before: &str, after: &str) -> Value {
    record! { "InstanceId" => id, "PreviousState" => state_view(before), "CurrentState" => state_view(after) }
}

fn start(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut changes = Vec::new();
    for instance in named(tx, input)? {
        match instance.state.as_str() {
            "stopped" => {
                let now = tx.now();
                tx.change::<Instance>(&instance.id, |instance| {
                    instance.state = "pending".to_owned();
                    instance.reason = None;
                    instance.transition_reason = String::new();
                    instance.launched = now;
                });
                tx.transition("ec2.instance.start", "ec2.instance.running", &instance.id);
                give_public_ip(tx, &instance);
                changes.push(change_view(&instance.id, "stopped", "pending"));
            }
            "pending" | "running" => changes.push(change_view(&instance.id, &instance.state, &instance.state)),
            _ => {
                tx.enforce("ec2.instance.state", false, || wrong_state(&instance, "started"))?;
                changes.push(change_view(&instance.id, &instance.state, &instance.state));
            }
        }
    }
    Ok(record! { "StartingInstances" => changes })
}

/// A started instance gets a new public address where its subnet gives them.
fn give_public_ip(tx: &mut Tx<'_>, instance: &Instance) {
    let maps = tx.get::<Subnet>(&instance.subnet).is_some_and(|subnet| subnet.map_public_ip);
    let interface = network_interface::primary_of(tx, &instance.id).map(|one| one.id.clone());
    if let Some(interface) = interface.filter(|id| maps && address::of_interface(tx, id).is_none()) {
        let ip = address::new_public_ip(tx);
        tx.change::<NetworkInterface>(&interface, |interface| interface.public_ip = Some(ip));
    }
}

fn user_initiated(tx: &Tx<'_>) -> String {
    format!("User initiated ({})", tx.now().strftime("%Y-%m-%d %H:%M:%S GMT"))
}

fn stop(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = (input.flag("Force"), input.flag("SkipOsShutdown"));
    if input.flag("Hibernate") {
        return Err(Refusal::not_simulated("ec2 StopInstances with hibernation"));
    }
    let mut changes = Vec::new();
    for instance in named(tx, input)? {
        tx.enforce("ec2.instance.stop.protection", !instance.disable_stop, || {
            let message = format!(
                "The instance '{}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.",
                instance.id
            );
            Refusal::new("OperationNotPermitted", message)
        })?;
        match instance.state.as_str() {
            "running" => {
                let reason = user_initiated(tx);
                tx.change::<Instance>(&instance.id, |instance| {
                    instance.state = "stopping".to_owned();
                    let code = "Client.UserInitiatedShutdown";
                    instance.reason = Some((code.to_owned(), format!("{code}: User initiated shutdown")));
                    instance.transition_reason = reason;
                });
                tx.transition("ec2.instance.stop", "ec2.instance.stopped", &instance.id);
                tell_group(tx, &instance.id);
                changes.push(change_view(&instance.id, "running", "stopping"));
            }
            "stopping" | "stopped" => changes.push(change_view(&instance.id, &instance.state, &instance.state)),
            _ => {
                tx.enforce("ec2.instance.state", false, || wrong_state(&instance, "stopped"))?;
                changes.push(change_view(&instance.id, &instance.state, &instance.state));
            }
        }
    }
    Ok(record! { "StoppingInstances" => changes })
}

fn terminate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = (input.flag("Force"), input.flag("SkipOsShutdown"));
    let mut changes = Vec::new();
    for instance in named(tx, input)? {
        let protected = |attribute: &str| {
            let message = format!(
                "The instance '{}' may not be terminated. Modify its '{attribute}' instance attribute and try again.",
                instance.id
            );
            Refusal::new("OperationNotPermitted", message)
        };
        let rule = "ec2.instance.terminate.protection";
        tx.enforce(rule, !instance.disable_termination, || protected("disableApiTermination"))?;
        tx.enforce("ec2.instance.stop.protection", !instance.disable_stop, || protected("disableApiStop"))?;
        let before = instance.state.clone();
        end(tx, &instance);
        let after =
            tx.get::<Instance>(&instance.id).map_or("terminated", |instance| instance.state.as_str()).to_owned();
        changes.push(change_view(&instance.id, &before, &after));
    }
    Ok(record! { "TerminatingInstances" => changes })
}

/// Ends an instance, as users do and as services do with theirs.
pub fn end(tx: &mut Tx<'_>, instance: &Instance) {
    let transition = user_initiated(tx);
    end_because(tx, instance, ("Client.UserInitiatedShutdown", "User initiated shutdown"), transition);
}

fn end_because(tx: &mut Tx<'_>, instance: &Instance, (code, why): (&str, &str), transition: String) {
    if matches!(instance.state.as_str(), "shutting-down" | "terminated") {
        return;
    }
    tx.cancel("ec2.instance", &instance.id);
    tx.cancel("ec2.instance_profile", &instance.id);
    tx.change::<Instance>(&instance.id, |instance| {
        instance.state = "shutting-down".to_owned();
        instance.reason = Some((code.to_owned(), format!("{code}: {why}")));
        instance.transition_reason = transition;
    });
    tx.transition("ec2.instance.terminate", "ec2.instance.terminated", &instance.id);
    tell_group(tx, &instance.id);
}

/// The Auto Scaling group of an instance that no longer runs, if it has one, finds that out in a while.
fn tell_group(tx: &mut Tx<'_>, instance: &str) {
    let tag = format!("{}aws:autoscaling:groupName", Tag::ids_of(instance));
    if let Some(group) = tx.get::<Tag>(&tag).map(|tag| tag.value.clone()) {
        tx.transition("autoscaling.group.health_check", "autoscaling.group.checked", &group);
    }
}

fn reboot(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    for instance in named(tx, input)? {
        tx.enforce("ec2.instance.state", instance.state == "running", || wrong_state(&instance, "rebooted"))?;
        // The operating system goes down and up; the instance is running all the while, and its checks begin anew.
        let now = tx.now();
        tx.change::<Instance>(&instance.id, |instance| instance.checked_since = now);
    }
    Ok(nothing())
}
