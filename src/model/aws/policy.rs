//! IAM's policy and trust documents, typed: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
//!
//! ```
//! use fathuss_model::aws::policy::{Policy, Principal, Statement};
//! use fathuss_model::aws::IamRole;
//!
//! let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
//! let role = IamRole::new(trust);
//! ```

use std::collections::BTreeMap;

use super::IamOpenidConnectProvider;
pub use super::action::{Action, exists};
use crate::check::{Findings, Part, View};
use crate::expression::{Document, Expression};
use crate::{
    Datum, EvaluationError, IntoArn, IntoValue, Json, OutputReference, Partial, Reference, Scope, Value, actions, json,
};

/// The version of the grammar that AWS wants.
const VERSION: &str = "2012-10-17";

/// A document of statements; stands for a field of JSON.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Vec<Statement>,
}

/// What is allowed or denied, to whom, on what and when.
#[derive(Clone, Debug)]
pub struct Statement {
    sid: Option<String>,
    effect: Effect,
    actions: Vec<&'static str>,
    principals: Vec<Principal>,
    resources: Vec<Expression>,
    conditions: Vec<Condition>,
    because: Option<&'static str>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

/// Who a trust or resource policy speaks of.
#[derive(Clone, Debug)]
pub struct Principal {
    kind: &'static str,
    value: Expression,
}

#[derive(Clone, Debug)]
struct Condition {
    operator: &'static str,
    key: Expression,
    values: Vec<Expression>,
}

impl Policy {
    /// A document of these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self { statements: statements.into_iter().collect() }
    }
}

impl Principal {
    /// A service of AWS, for instance `ec2.amazonaws.com`.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self { kind: "Service", value: text(name) }
    }

    /// An account, a role or a user, by ARN.
    #[must_use]
    pub fn aws(arn: impl IntoValue<String>) -> Self {
        Self { kind: "AWS", value: arn.into_value().into_expression() }
    }

    /// Who an identity provider vouches for.
    #[must_use]
    pub fn federated(provider: impl IntoArn<IamOpenidConnectProvider>) -> Self {
        Self { kind: "Federated", value: provider.into_value().into_expression() }
    }
}

impl Statement {
    /// Allows actions, as [`actions!`](crate::actions) writes them; say on what with [`Statement::on`].
    #[must_use]
    pub fn allow(actions: impl IntoIterator<Item = Action>) -> Self {
        Self::with(Effect::Allow, actions)
    }

    /// Denies actions, whatever else allows them; say on what with [`Statement::on`].
    #[must_use]
    pub fn deny(actions: impl IntoIterator<Item = Action>) -> Self {
        Self::with(Effect::Deny, actions)
    }

    /// Allows every action on every resource. The reason is for whoever reads the program or its graph.
    #[must_use]
    pub fn allow_everything(because: &'static str) -> Self {
        Self { because: Some(because), ..Self::with(Effect::Allow, [Action("*")]).on("*") }
    }

    /// Denies every action; say on what with [`Statement::on`].
    #[must_use]
    pub fn deny_everything() -> Self {
        Self::with(Effect::Deny, [Action("*")])
    }

    /// Lets a principal take on the role whose trust policy this is.
    #[must_use]
    pub fn assume_role(principal: Principal) -> Self {
        Self::allow(actions!["sts:AssumeRole"]).by(principal)
    }

    /// Lets one service account of a cluster take on the role whose trust policy this is: bound by `sub` and `aud`.
    ///
    /// `issuer` is the cluster's, with `https://`, and stands in the conditions' keys without it.
    #[must_use]
    pub fn assume_role_by_service_account(
        provider: impl IntoArn<IamOpenidConnectProvider>,
        issuer: &Value<String>,
        namespace: &str,
        service_account: &str,
    ) -> Self {
        let key = |claim: &str| {
            let host = issuer.clone().strip_prefix("https://");
            crate::template([host, Value::from_expression(text(&format!(":{claim}")))])
        };
        Self::allow(actions!["sts:AssumeRoleWithWebIdentity"])
            .by(Principal::federated(provider))
            .when("StringEquals", key("sub"), [format!("system:serviceaccount:{namespace}:{service_account}")])
            .when("StringEquals", key("aud"), ["sts.amazonaws.com"])
    }

    /// Names the statement.
    #[must_use]
    pub fn sid(mut self, sid: &str) -> Self {
        self.sid = Some(sid.to_owned());
        self
    }

    /// Who it speaks of; in trust and resource policies alone.
    #[must_use]
    pub fn by(mut self, principal: Principal) -> Self {
        self.principals.push(principal);
        self
    }

    /// One more resource that it speaks of, by ARN; `*` is all.
    #[must_use]
    pub fn on(mut self, resource: impl IntoValue<String>) -> Self {
        self.resources.push(resource.into_value().into_expression());
        self
    }

    /// A condition: an operator, for instance `StringEquals`, a key, and the values that it may have.
    #[must_use]
    pub fn when<V: IntoValue<String>>(
        mut self,
        operator: &'static str,
        key: impl IntoValue<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.into_value().into_expression()).collect();
        self.conditions.push(Condition { operator, key: key.into_value().into_expression(), values });
        self
    }

    fn with(effect: Effect, actions: impl IntoIterator<Item = Action>) -> Self {
        Self {
            sid: None,
            effect,
            actions: actions.into_iter().map(|action| action.0).collect(),
            principals: Vec::new(),
            resources: Vec::new(),
            conditions: Vec::new(),
            because: None,
        }
    }

    fn document(self) -> Document {
        let mut entries = Vec::new();
        if let Some(sid) = self.sid {
            entries.push((text("Sid"), scalar(text(&sid))));
        }
        let effect = match self.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        entries.push((text("Effect"), scalar(text(effect))));
        if !self.principals.is_empty() {
            let mut kinds: BTreeMap<&str, Vec<Expression>> = BTreeMap::new();
            for principal in self.principals {
                kinds.entry(principal.kind).or_default().push(principal.value);
            }
            let kinds = kinds.into_iter().map(|(kind, values)| (text(kind), one_or_more(values)));
            entries.push((text("Principal"), Document::Object(kinds.collect())));
        }
        entries.push((text("Action"), one_or_more(self.actions.iter().map(|action| text(action)).collect())));
        if !self.resources.is_empty() {
            entries.push((text("Resource"), one_or_more(self.resources)));
        }
        if !self.conditions.is_empty() {
            let mut operators: BTreeMap<&str, Vec<(Expression, Document)>> = BTreeMap::new();
            for condition in self.conditions {
                let row = (condition.key, one_or_more(condition.values));
                operators.entry(condition.operator).or_default().push(row);
            }
            let operators = operators.into_iter().map(|(operator, rows)| (text(operator), Document::Object(rows)));
            entries.push((text("Condition"), Document::Object(operators.collect())));
        }
        let document = Document::Object(entries);
        match self.because {
            Some(because) => Document::Because(because.to_owned(), Box::new(document)),
            None => document,
        }
    }
}

impl IntoValue<Json> for Policy {
    fn into_value(self) -> Value<Json> {
        json(Document::Object(vec![
            (text("Version"), scalar(text(VERSION))),
            (text("Statement"), Document::Array(self.statements.into_iter().map(Statement::document).collect())),
        ]))
    }
}

/// Refuses a document that is longer than IAM takes even if all that is not known yet were empty.
pub(super) fn check_length(node: &View<'_>, field: &str, most: usize, findings: &mut Findings<'_>) {
    let Some(expression) = node.node().fields.get(field) else { return };
    let Ok(Partial::Known(Datum::String(shortest))) = expression.evaluate(&Blank) else { return };
    if shortest.len() > most {
        findings.refuse(format!("`{field}` has {} characters at least; IAM takes {most}", shortest.len()));
    }
}

/// Refuses a policy of one thing that speaks of another of its type: AWS takes it for what it is set on alone.
pub(super) fn check_subject(node: &View<'_>, field: &str, of: &str, findings: &mut Findings<'_>) {
    let (Some(own), Some(Part::Expression(Expression::Json(document)))) = (node.follow(of), node.part(field)) else {
        return;
    };
    let mut others = Vec::new();
    document.under("Resource", &mut |resource| {
        resource.references(&mut |reference| {
            let (other, own) = (&reference.address, &own.node().address);
            if other.kind() == own.kind() && other != own && !others.contains(other) {
                others.push(other.clone());
            }
        });
    });
    for other in others {
        findings.refuse(format!("`{field}` speaks of {}, and is set on {}", other.local(), own.named()));
    }
}

/// Where all that AWS gives is the empty text.
struct Blank;

impl Scope for Blank {
    fn attribute(&self, _: &Reference) -> Result<Partial, EvaluationError> {
        Ok(Partial::Known("".into()))
    }

    fn output(&self, _: &OutputReference) -> Result<Partial, EvaluationError> {
        Ok(Partial::Known("".into()))
    }
}

fn text(text: &str) -> Expression {
    Expression::Literal(text.into())
}

fn scalar(expression: Expression) -> Document {
    Document::Value(Box::new(expression))
}

/// AWS takes one value bare, and so do people who read it.
fn one_or_more(mut values: Vec<Expression>) -> Document {
    match values.pop() {
        Some(only) if values.is_empty() => scalar(only),
        Some(last) => {
            values.push(last);
            Document::Array(values.into_iter().map(scalar).collect())
        }
        None => Document::Array(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::IamRole;
    use crate::{Arn, actions, graph_of};

    fn written(policy: Policy) -> String {
        let value: Value<Json> = policy.into_value();
        match value.expression().evaluate(&Blank) {
            Ok(Partial::Known(Datum::String(text))) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_document_reads_as_aws_writes_it() {
        let policy = Policy::new([
            Statement::allow(actions!["s3:GetObject", "s3:PutObject"]).sid("Objects").on("arn:aws:s3:::cache/*"),
            Statement::deny(actions!["s3:*"])
                .by(Principal::aws("arn:aws:iam::111122223333:root"))
                .by(Principal::aws("arn:aws:iam::444455556666:root"))
                .on("*")
                .when("Bool", "aws:SecureTransport", ["false"])
                .when("StringEquals", "aws:RequestedRegion", ["us-east-1", "us-west-2"])
                .when("StringEquals", "aws:PrincipalOrgID", ["o-1"]),
        ]);
        assert_eq!(
            written(policy),
            concat!(
                r#"{"Version":"2012-10-17","Statement":["#,
                r#"{"Sid":"Objects","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"#,
                r#""Resource":"arn:aws:s3:::cache/*"},"#,
                r#"{"Effect":"Deny","Principal":{"AWS":["arn:aws:iam::111122223333:root","#,
                r#""arn:aws:iam::444455556666:root"]},"Action":"s3:*","Resource":"*","Condition":{"#,
                r#""Bool":{"aws:SecureTransport":"false"},"#,
                r#""StringEquals":{"aws:RequestedRegion":["us-east-1","us-west-2"],"aws:PrincipalOrgID":"o-1"}}}"#,
                r#"]}"#
            )
        );
    }

    #[test]
    fn everything_is_allowed_by_its_own_name_alone() {
        let everything = written(Policy::new([Statement::allow_everything("the account's own administrators")]));
        assert!(everything.contains(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#), "{everything}");
        let nothing = written(Policy::new([Statement::deny_everything().on("arn:aws:s3:::cache/*")]));
        assert!(nothing.contains(r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::cache/*"}"#), "{nothing}");
    }

    #[test]
    fn a_service_account_s_claims_stand_in_the_keys() {
        let issuer: Value<String> = "https://oidc.example/id/1".into_value();
        let statement =
            Statement::assume_role_by_service_account(Arn::existing("arn:provider"), &issuer, "apps", "worker");
        let document = written(Policy::new([statement]));
        assert!(document.contains(r#""oidc.example/id/1:sub":"system:serviceaccount:apps:worker""#), "{document}");
        assert!(document.contains(r#""oidc.example/id/1:aud":"sts.amazonaws.com""#), "{document}");
    }

    #[test]
    fn a_trust_policy_that_is_too_long_is_refused_at_its_line() {
        let mut line = 0;
        let findings = graph_of("test", |stack| {
            stack.place("us-east-1", "111122223333");
            let names: Vec<String> = (0..100).map(|at| format!("service-number-{at}.amazonaws.com")).collect();
            let trust = Policy::new(names.iter().map(|name| Statement::assume_role(Principal::service(name))));
            line = line!() + 1;
            stack.add("long", IamRole::new(trust));
            Ok(())
        })
        .unwrap_err();
        assert!(findings[0].message.contains("IAM takes 4096"), "{findings:?}");
        assert_eq!(findings[0].source.as_ref().map(|source| source.line), Some(line));
    }
}
