//! `argocd_application`: <https://argo-cd.readthedocs.io/en/stable/operator-manual/application-specification/>
//!
//! Argo CD's controller does everything after the object is there. How far it is stands in `status`, beside the source
//! and the destination that this is about: what is about others says nothing yet.

use fathuss_engine::provider::{Attributes, Failure, FailureClass};
use fathuss_model::kubernetes::ArgocdApplication;
use fathuss_model::schema::{Field, Schema};
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use serde_json::{Value as Json, json};

use crate::failure::refused;
use crate::kind::{Kind, metadata, observed_metadata, observed_place, text};
use crate::locator::Locator;
use crate::spec;

const VERSION: &str = "argoproj.io/v1alpha1";
const KIND: &str = "Application";

/// Has Argo CD delete what it deployed before the Application goes:
/// <https://argo-cd.readthedocs.io/en/stable/user-guide/app_deletion/>
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// Has Argo CD look again, past what it remembers of a commit; it takes that away itself.
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// The calls of `argocd_application`.
pub(crate) struct Application;

/// The fields of its spec.
fn spec_fields() -> impl Iterator<Item = &'static Field> {
    const NAMES: [&str; 5] = ["project", "source", "destination", "sync_policy", "ignore_differences"];
    ArgocdApplication::SCHEMA.fields.iter().filter(|field| NAMES.contains(&field.name))
}

impl Kind for Application {
    fn schema(&self) -> &'static Schema {
        ArgocdApplication::SCHEMA
    }

    fn object(&self, fields: &Attributes) -> Result<Json, Failure> {
        let mut metadata = metadata(fields, Some(text(fields, "namespace")?))?;
        if is_on(fields, "cascade") {
            metadata["finalizers"] = json!([FINALIZER]);
        }
        let spec = spec::written(spec_fields(), fields)?;
        Ok(json!({ "apiVersion": VERSION, "kind": KIND, "metadata": metadata, "spec": spec }))
    }

    fn locate(&self, identity: &Identity) -> Result<Locator, Failure> {
        Locator::in_namespace(identity, VERSION, KIND)
    }

    fn fields(&self, live: &Json, recorded: &Attributes, _: bool) -> Attributes {
        let mut fields = spec::observed(spec_fields(), self.bounds(), &live["spec"], recorded);
        fields.insert("cascade".to_owned(), Datum::from(cascades(live)));
        observed_place(live, &mut fields);
        observed_metadata(live, recorded, &mut fields);
        fields
    }

    // By these, what is deployed is another thing than the stack and the repository say, or gets there without anybody's
    // word, or is left as somebody else has made it.
    fn bounds(&self) -> &'static [&'static str] {
        &["source.helm.parameters", "sync_policy.automated", "sync_policy.sync_options", "ignore_differences"]
    }

    fn waits_for(&self, live: &Json, fields: &Attributes) -> Result<Option<String>, Failure> {
        if !is_on(fields, "wait") {
            return Ok(None);
        }
        let automated = &live["spec"]["syncPolicy"]["automated"];
        let is_automated = automated.is_object() && automated["enabled"] != json!(false);
        if let Some(message) = wrong_source(live) {
            let look = "correct `source`, or commit there what it names".to_owned();
            let failure = said(live, FailureClass::Refused, "ComparisonError", message);
            return Err(Failure { hint: Some(look), ..failure });
        }
        if !is_automated {
            return match condition(live, &ERRORS_OF_SPEC) {
                Some((kind, message)) => Err(said(live, FailureClass::Unseen, kind, message)),
                None => Ok((!is_compared(live)).then(|| NOT_SEEN.to_owned())),
            };
        }
        if let Some(running) = operation(live) {
            return Ok(Some(running));
        }
        if let Some(trouble) = trouble(live) {
            return Err(trouble);
        }
        if !is_compared(live) {
            return Ok(Some(NOT_SEEN.to_owned()));
        }
        if let Some(state) = out_of_sync(live) {
            return Ok(Some(state));
        }
        match live["status"]["health"]["status"].as_str() {
            Some("Healthy") => Ok(None),
            Some("Degraded") => Err(said(live, FailureClass::NotYet, "Degraded", &ailing(live))),
            health => Ok(Some(with(health.unwrap_or("Unknown"), &ailing(live)))),
        }
    }

    fn looked_at<'a>(&self, live: &'a Json) -> Option<&'a str> {
        live["status"]["reconciledAt"].as_str()
    }

    fn look_again(&self) -> Option<Json> {
        Some(json!({ "metadata": { "annotations": { REFRESH: "hard" } } }))
    }

    fn leaves_after(&self, live: &Json) -> String {
        if !cascades(live) {
            return "terminating".to_owned();
        }
        let error = condition(live, &["DeletionError"]).map(|(_, message)| message).unwrap_or_default();
        with("Argo CD takes away what it deployed, and has to run for that", error)
    }
}

/// A truth value that is true where nothing is given.
fn is_on(fields: &Attributes, name: &str) -> bool {
    fields.get(name).and_then(Datum::as_bool).unwrap_or(true)
}

fn cascades(live: &Json) -> bool {
    live["metadata"]["finalizers"].as_array().is_some_and(|finalizers| finalizers.contains(&json!(FINALIZER)))
}

const NOT_SEEN: &str = "Argo CD has not looked at it yet";

/// Conditions that say that Argo CD can't do what it is to:
/// <https://pkg.go.dev/github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1#ApplicationConditionType>
const ERRORS: [&str; 4] = ["InvalidSpecError", "ComparisonError", "SyncError", "UnknownError"];
/// Those of them that say it of the Application itself.
const ERRORS_OF_SPEC: [&str; 2] = ["InvalidSpecError", "UnknownError"];

/// The first condition of one of these types: its type and message.
fn condition<'a>(live: &'a Json, types: &[&'static str]) -> Option<(&'static str, &'a str)> {
    let conditions = live["status"]["conditions"].as_array()?;
    types.iter().find_map(|kind| {
        let condition = conditions.iter().find(|condition| condition["type"] == json!(kind))?;
        Some((*kind, condition["message"].as_str().unwrap_or_default()))
    })
}

/// The operation that is asked for or under way. One that failed and is to be tried again is under way to Argo CD.
fn operation(live: &Json) -> Option<String> {
    let state = &live["status"]["operationState"];
    if matches!(state["phase"].as_str(), Some("Running" | "Terminating")) {
        return Some(with("synchronising", state["message"].as_str().unwrap_or_default()));
    }
    live["operation"].is_object().then(|| "synchronising".to_owned())
}

/// What stands in the way.
///
/// A synchronisation of this source that failed is final where Argo CD says that it does not try again, or has nothing
/// to try: the retries of its policy are behind it. All else may pass: a repository server that is starting, a project
/// that Argo CD has not seen, pods that wait for others. Argo CD looks again every three minutes; the engine goes on
/// meanwhile, and fails with what is said then.
fn trouble(live: &Json) -> Option<Failure> {
    let state = &live["status"]["operationState"];
    let source = state.pointer("/syncResult/source").or_else(|| state.pointer("/operation/sync/source"));
    let has_failed = matches!(state["phase"].as_str(), Some("Failed" | "Error"));
    let is_final = has_failed && is_compared(live) && source.is_none_or(|source| is_of(live, source));
    match condition(live, &ERRORS) {
        Some(("SyncError", message)) if is_final => Some(said(live, FailureClass::Refused, "SyncError", message)),
        Some((kind, message)) => Some(said(live, FailureClass::Unseen, kind, message)),
        None if is_final && live["status"]["sync"]["status"] == json!("Synced") => {
            let message = state["message"].as_str().unwrap_or_default();
            Some(said(live, FailureClass::Refused, "SyncFailed", message))
        }
        None => None,
    }
}

/// What Argo CD says of a source that is not as it is to be, which looking again does not change before somebody does.
fn wrong_source(live: &Json) -> Option<&str> {
    // In the words of its repository server, and of Helm.
    const WRONG: [&str; 3] = ["app path does not exist", "unable to resolve '", "`helm template "];
    let (_, message) = condition(live, &["ComparisonError"]).filter(|_| is_compared(live))?;
    WRONG.iter().any(|words| message.contains(words)).then_some(message)
}

/// Whether what Argo CD says is about the source and the destination that stand there now.
fn is_compared(live: &Json) -> bool {
    let compared = &live["status"]["sync"]["comparedTo"];
    is_of(live, &compared["source"]) && given(&compared["destination"]) == given(&live["spec"]["destination"])
}

/// Whether a source is the one that stands there now.
fn is_of(live: &Json, source: &Json) -> bool {
    given(source) == given(&live["spec"]["source"])
}

/// What stands in an object of Argo CD's, which leaves out what is empty or false, but for values.
fn given(object: &Json) -> Json {
    let is_given = |value: &Json| match value {
        Json::Null | Json::Bool(false) => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(entries) => !entries.is_empty(),
        Json::Bool(true) | Json::Number(_) => true,
    };
    match object {
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| match key.as_str() {
                "valuesObject" => (key.clone(), value.clone()),
                _ => (key.clone(), given(value)),
            });
            Json::Object(entries.filter(|(_, value)| is_given(value)).collect())
        }
        Json::Array(items) => items.iter().map(given).collect(),
        other => other.clone(),
    }
}

/// What is not as the repository says; nothing where all is there that Argo CD brings.
fn out_of_sync(live: &Json) -> Option<String> {
    let state = live["status"]["sync"]["status"].as_str().unwrap_or("Unknown");
    if state == "Synced" {
        return None;
    }
    let others: Vec<&Json> = resources(live).iter().filter(|one| one["status"] == json!("OutOfSync")).collect();
    // What is only to be pruned stays where Argo CD is not to prune, and the Application stays OutOfSync.
    let prunes = live["spec"]["syncPolicy"]["automated"]["prune"] == json!(true);
    if !prunes && !others.is_empty() && others.iter().all(|one| one["requiresPruning"] == json!(true)) {
        return None;
    }
    let rest = others.len().saturating_sub(1);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    Some(with(state, &others.first().map(|first| format!("{}{more}", named(first))).unwrap_or_default()))
}

/// What is not healthy, worst first, where Argo CD says it of single objects.
fn ailing(live: &Json) -> String {
    let of = |health: &str| resources(live).iter().find(|one| one["health"]["status"] == json!(health));
    let Some(one) = ["Degraded", "Missing", "Progressing", "Suspended"].into_iter().find_map(of) else {
        return String::new();
    };
    with(&named(one), one["health"]["message"].as_str().unwrap_or_default())
}

fn resources(live: &Json) -> &[Json] {
    live["status"]["resources"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// `Deployment api`
fn named(resource: &Json) -> String {
    let part = |name: &str| resource[name].as_str().unwrap_or_default();
    format!("{} {}", part("kind"), part("name"))
}

/// A state, and what is said of it.
fn with(state: &str, said: &str) -> String {
    if said.is_empty() { state.to_owned() } else { format!("{state}: {said}") }
}

/// Where Argo CD says more of an Application.
pub(crate) fn look(namespace: &str, name: &str) -> String {
    format!("see `kubectl --namespace {namespace} describe applications.argoproj.io {name}`")
}

/// A failure in Argo CD's own words.
fn said(live: &Json, class: FailureClass, code: &str, message: &str) -> Failure {
    let text = |name: &str| live["metadata"][name].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    let look = look(namespace, name);
    let hint = match class {
        FailureClass::Refused => {
            format!("{look}, and repair it; Argo CD tries again with the next commit, or by `argocd app sync {name}`")
        }
        _ => look,
    };
    Failure {
        class,
        service: "argo-cd".to_owned(),
        operation: "Sync".to_owned(),
        hint: Some(hint),
        ..refused(code, with(&format!("Application {namespace}/{name}"), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::{attributes, changes};

    fn wanted() -> Attributes {
        attributes(&json!({
            "cluster_name": "main",
            "namespace": "argocd",
            "name": "shop",
            "project": "shop",
            "source": {
                "repo_url": "https://git.example.com/shop.git",
                "target_revision": "main",
                "path": "charts/shop",
                "helm": {
                    "value_files": ["values-staging.yaml"],
                    "values_object": r#"{"replicas":3,"debug":false,"key":"arn:aws:kms:1"}"#,
                    "parameters": [{ "name": "image.tag", "value": "1", "force_string": true }],
                },
            },
            "destination": { "namespace": "shop" },
            "sync_policy": {
                "automated": { "prune": true },
                "sync_options": ["CreateNamespace=false"],
                "retry": { "limit": 6, "backoff": { "duration": "10s", "factor": 2 } },
            },
            "ignore_differences": [{ "kind": "Deployment", "group": "apps", "json_pointers": ["/spec/replicas"] }],
        }))
    }

    /// An object as the API server gives it, with what Argo CD says of it.
    fn live(status: &Json) -> Json {
        let mut live = Application.object(&wanted()).unwrap();
        live["metadata"]["uid"] = json!("1");
        live["status"] = status.clone();
        if live["status"]["sync"].is_object() {
            let compared = json!({ "source": live["spec"]["source"], "destination": live["spec"]["destination"] });
            live["status"]["sync"]["comparedTo"] = compared;
        }
        live
    }

    fn waits(live: &Json) -> Result<Option<String>, Failure> {
        Application.waits_for(live, &wanted())
    }

    #[test]
    fn the_object_is_argo_cd_s() {
        let object = Application.object(&wanted()).unwrap();
        assert_eq!(object["metadata"]["finalizers"], json!([FINALIZER]));
        let spec = json!({
            "project": "shop",
            "source": {
                "repoURL": "https://git.example.com/shop.git",
                "targetRevision": "main",
                "path": "charts/shop",
                "helm": {
                    "valueFiles": ["values-staging.yaml"],
                    "valuesObject": { "replicas": 3, "debug": false, "key": "arn:aws:kms:1" },
                    "parameters": [{ "name": "image.tag", "value": "1", "forceString": true }],
                },
            },
            "destination": { "namespace": "shop", "server": "https://kubernetes.default.svc" },
            "syncPolicy": {
                "automated": { "prune": true, "selfHeal": false },
                "syncOptions": ["CreateNamespace=false"],
                "retry": { "limit": 6, "backoff": { "duration": "10s", "factor": 2 } },
            },
            "ignoreDifferences": [{ "kind": "Deployment", "group": "apps", "jsonPointers": ["/spec/replicas"] }],
        });
        assert_eq!(object["spec"], spec);

        let mut kept = wanted();
        kept.insert("cascade".to_owned(), Datum::from(false));
        kept.insert("source".to_owned(), attributes(&json!({ "source": { "helm": {} } }))["source"].clone());
        let object = Application.object(&kept).unwrap();
        assert!(object["metadata"].get("finalizers").is_none());
        assert!(object["spec"].get("source").is_none(), "nothing empty is sent: {object}");
    }

    #[test]
    fn what_was_applied_is_read_as_it_was_wanted_and_what_others_add_stays_theirs() {
        let mut there = live(&json!({}));
        there["operation"] = json!({ "sync": {} });
        there["spec"]["source"]["helm"]["valuesObject"]["theirs"] = json!(1);
        there["spec"]["source"]["helm"]["version"] = json!("v3");
        there["spec"]["syncPolicy"]["managedNamespaceMetadata"] = json!({});
        assert_eq!(changes(&Application, &wanted(), &there, &wanted()), Vec::<String>::new());
        // What is recorded from then on is what was read.
        let recorded = Application.fields(&there, &wanted(), true);
        assert_eq!(changes(&Application, &wanted(), &there, &recorded), Vec::<String>::new());
        // An import takes all over that this type knows.
        let imported = Application.fields(&there, &Attributes::new(), true);
        assert_eq!(imported["cascade"], Datum::from(true));
        let changed = changes(&Application, &wanted(), &there, &imported);
        assert_eq!(changed, ["source.helm.values_object"], "the program does not say what others added");
    }

    #[test]
    fn what_others_have_deployed_or_left_alone_is_a_difference_though_the_program_gives_nothing_there() {
        let mut wanted = wanted();
        for field in ["sync_policy", "ignore_differences"] {
            wanted.remove(field);
        }
        let source = json!({ "repo_url": "https://git.example.com/shop.git", "path": "charts/shop" });
        wanted.extend(attributes(&json!({ "source": source })));
        let object = Application.object(&wanted).unwrap();
        let mut live = object.clone();
        live["spec"]["source"]["helm"]["parameters"] = json!([{ "name": "image.tag", "value": "2" }]);
        live["spec"]["syncPolicy"]["syncOptions"] = json!(["Replace=true"]);
        live["spec"]["ignoreDifferences"] = json!([{ "group": "*", "kind": "*", "jsonPointers": ["/spec"] }]);
        let changed = changes(&Application, &wanted, &live, &wanted);
        assert_eq!(changed.len(), 3, "{changed:?}");
        let patch = spec::beyond(Application.bounds(), &object["spec"], &live["spec"]);
        let taken = json!({
            "source": { "helm": { "parameters": null } },
            "syncPolicy": { "syncOptions": null },
            "ignoreDifferences": null,
        });
        assert_eq!(patch, Some(taken));
    }

    #[test]
    fn an_application_that_people_synchronise_is_not_automated_by_others() {
        for policy in [None, Some(json!({ "sync_options": ["CreateNamespace=false"] }))] {
            let mut wanted = wanted();
            wanted.remove("sync_policy");
            wanted.extend(attributes(&policy.map_or(json!({}), |policy| json!({ "sync_policy": policy }))));
            let object = Application.object(&wanted).unwrap();
            let mut live = object.clone();
            assert_eq!(changes(&Application, &wanted, &live, &wanted), Vec::<String>::new());
            live["spec"]["syncPolicy"]["retry"] = json!({ "limit": 3 });
            assert_eq!(changes(&Application, &wanted, &live, &wanted), Vec::<String>::new(), "it permits nothing");
            live["spec"]["syncPolicy"]["automated"] = json!({ "prune": true });
            let changed = changes(&Application, &wanted, &live, &wanted);
            assert!(changed.len() == 1 && changed[0].starts_with("sync_policy"), "{changed:?}");
            let patch = spec::beyond(Application.bounds(), &object["spec"], &live["spec"]);
            assert_eq!(patch, Some(json!({ "syncPolicy": { "automated": null } })));
        }
    }

    #[test]
    fn what_others_change_is_a_difference() {
        let mut there = live(&json!({}));
        there["metadata"]["finalizers"] = json!([]);
        there["spec"]["source"]["helm"]["valuesObject"]["replicas"] = json!(1);
        there["spec"]["syncPolicy"].as_object_mut().unwrap().remove("automated");
        let changed = changes(&Application, &wanted(), &there, &wanted());
        assert_eq!(changed, ["source.helm.values_object", "sync_policy.automated", "cascade"]);
    }

    #[test]
    fn it_counts_once_it_is_synchronised_and_healthy() {
        let synced = json!({ "sync": { "status": "Synced" }, "health": { "status": "Healthy" } });
        let state = |status: Json| waits(&live(&status)).unwrap().unwrap_or_default();
        assert_eq!(state(json!({})), NOT_SEEN);
        assert_eq!(state(synced.clone()), "");
        let mut other = live(&synced);
        other["spec"]["source"]["targetRevision"] = json!("next");
        assert_eq!(waits(&other).unwrap().as_deref(), Some(NOT_SEEN), "that was about another source");
        let mut asked = live(&synced);
        asked["operation"] = json!({ "sync": {} });
        assert_eq!(waits(&asked).unwrap().as_deref(), Some("synchronising"));
        let running = json!({
            "sync": { "status": "OutOfSync" },
            "operationState": { "phase": "Running", "message": "one failed. Retrying attempt #1 at 3:04PM." },
            "conditions": [{ "type": "SyncError", "message": "before" }],
        });
        assert_eq!(state(running), "synchronising: one failed. Retrying attempt #1 at 3:04PM.");
        let resource = |name: &str| json!({ "kind": "Deployment", "name": name, "status": "OutOfSync" });
        let resources =
            json!([resource("api"), resource("worker"), { "kind": "Service", "name": "api", "status": "Synced" }]);
        let out = json!({ "sync": { "status": "OutOfSync" }, "resources": resources });
        assert_eq!(state(out), "OutOfSync: Deployment api and 1 more");
        let message =
            json!({ "kind": "Deployment", "name": "api", "health": { "status": "Progressing", "message": "1 of 2" } });
        let progressing =
            json!({ "sync": { "status": "Synced" }, "health": { "status": "Progressing" }, "resources": [message] });
        assert_eq!(state(progressing), "Progressing: Deployment api: 1 of 2");
    }

    #[test]
    fn what_argo_cd_is_not_to_prune_is_not_waited_for() {
        let old = json!({ "kind": "Service", "name": "old", "status": "OutOfSync", "requiresPruning": true });
        let status =
            json!({ "sync": { "status": "OutOfSync" }, "health": { "status": "Healthy" }, "resources": [old] });
        let mut live = live(&status);
        assert!(waits(&live).unwrap().is_some(), "it is going to be pruned");
        live["spec"]["syncPolicy"]["automated"]["prune"] = json!(false);
        assert_eq!(waits(&live).unwrap(), None);
    }

    #[test]
    fn what_argo_cd_has_given_up_is_refused_and_what_may_pass_is_not_yet() {
        let failed = |status: Json| waits(&live(&status)).unwrap_err();
        let gave_up = json!({
            "sync": { "status": "OutOfSync" },
            "operationState": { "phase": "Failed", "message": "one failed (retried 6 times)." },
            "conditions": [{ "type": "SyncError", "message": "Failed last sync attempt to [1]: one failed" }],
        });
        let failure = failed(gave_up.clone());
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Refused, "SyncError"));
        assert_eq!(failure.message, "Application argocd/shop: Failed last sync attempt to [1]: one failed");
        let mut before = live(&gave_up);
        before["status"]["operationState"]["syncResult"] = json!({ "source": { "path": "elsewhere" } });
        assert_eq!(waits(&before).unwrap_err().class, FailureClass::Unseen, "it was about another source");
        let hook = json!({
            "sync": { "status": "Synced" },
            "health": { "status": "Healthy" },
            "operationState": { "phase": "Failed", "message": "a hook failed" },
        });
        assert_eq!(failed(hook).class, FailureClass::Refused);
        for (kind, message) in [("ComparisonError", "no answer"), ("InvalidSpecError", "no such project")] {
            let status =
                json!({ "sync": { "status": "Unknown" }, "conditions": [{ "type": kind, "message": message }] });
            let failure = failed(status);
            assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Unseen, kind));
            assert!(failure.message.ends_with(message) && failure.hint.is_some());
        }
        let message = "code = Unknown desc = charts/shpo: app path does not exist";
        let condition = json!([{ "type": "ComparisonError", "message": message }]);
        let status = json!({ "sync": { "status": "Unknown" }, "conditions": condition });
        let mut wrong = live(&status);
        assert_eq!(waits(&wrong).unwrap_err().class, FailureClass::Refused);
        wrong["status"]["sync"]["comparedTo"]["source"]["path"] = json!("elsewhere");
        assert_eq!(waits(&wrong).unwrap_err().class, FailureClass::Unseen, "it was about another source");
        let degraded = json!({ "sync": { "status": "Synced" }, "health": { "status": "Degraded" } });
        assert_eq!(failed(degraded).class, FailureClass::NotYet);
    }

    #[test]
    fn where_people_synchronise_it_counts_once_argo_cd_has_looked_at_it() {
        let by_hand = |status: &Json| {
            let mut live = live(status);
            live["spec"]["syncPolicy"].as_object_mut().unwrap().remove("automated");
            waits(&live)
        };
        assert_eq!(by_hand(&json!({})).unwrap().as_deref(), Some(NOT_SEEN));
        let out = json!({ "sync": { "status": "OutOfSync" }, "health": { "status": "Missing" } });
        assert_eq!(by_hand(&out).unwrap(), None);
        let invalid = json!({ "conditions": [{ "type": "InvalidSpecError", "message": "not permitted" }] });
        assert_eq!(by_hand(&invalid).unwrap_err().class, FailureClass::Unseen);
    }

    #[test]
    fn nothing_is_waited_for_where_that_is_said() {
        let mut fields = wanted();
        fields.insert("wait".to_owned(), Datum::from(false));
        assert_eq!(Application.waits_for(&live(&json!({})), &fields).unwrap(), None);
    }

    #[test]
    fn a_delete_says_what_it_waits_for() {
        let mut live = live(&json!({ "conditions": [{ "type": "DeletionError", "message": "it is kept" }] }));
        let state = Application.leaves_after(&live);
        assert_eq!(state, "Argo CD takes away what it deployed, and has to run for that: it is kept");
        live["metadata"]["finalizers"] = json!([]);
        assert_eq!(Application.leaves_after(&live), "terminating");
    }
}
