//! Numbers that may have a fraction. They are kept as the shortest text that says them, `80` or `0.5`: two of them are
//! the same just where their texts are.

use crate::datum::Datum;
use crate::expression::Expression;
use crate::schema::Type;
use crate::value::{IntoValue, Typed, Value};

/// A number that may have a fraction.
#[derive(Debug)]
pub struct Decimal(());

impl Decimal {
    /// A number as it is kept.
    #[must_use]
    pub fn text(number: f64) -> String {
        // What is nought is so without a sign.
        if number == 0.0 { "0".to_owned() } else { number.to_string() }
    }
}

impl Typed for Decimal {
    const TYPE: Type = Type::String;
}

impl IntoValue<Decimal> for f64 {
    fn into_value(self) -> Value<Decimal> {
        Value::from_expression(Expression::Literal(Datum::String(Decimal::text(self))))
    }
}

impl IntoValue<Decimal> for i32 {
    fn into_value(self) -> Value<Decimal> {
        f64::from(self).into_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_text() {
        let text = |value: Value<Decimal>| match value.into_expression() {
            Expression::Literal(Datum::String(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(text(80.into_value()), text(80.0.into_value()));
        assert_eq!(text(80.into_value()), "80");
        assert_eq!(text(0.5.into_value()), "0.5");
        assert_eq!(text((-0.0).into_value()), "0");
        assert_eq!(text(2_147_483_648.0.into_value()), "2147483648");
    }
}
