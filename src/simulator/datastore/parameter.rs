//! Parameters that an engine has, as parameter groups show and check them.

use super::formula;

/// What a parameter's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `0` or `1` in RDS, `yes` or `no` in ElastiCache.
    Switch,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// Words with commas between.
    List,
}

impl Kind {
    /// As `DataType` says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Switch => "boolean",
            Kind::Integer => "integer",
            Kind::Float => "float",
            Kind::List => "list",
        }
    }
}

/// When a changed value takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// At once.
    Dynamic,
    /// At the next restart.
    Static,
    /// Never: users cannot change it.
    Fixed,
}

/// One parameter of an engine.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// The engine's default; empty where the engine decides.
    pub default: &'static str,
    /// When a change takes effect.
    pub effect: Effect,
    /// What its value is.
    pub kind: Kind,
    /// `0-100`, `on,off`, or empty for anything.
    pub allowed: &'static str,
    /// The first major version that has it.
    pub since: u16,
    /// The last major version that has it.
    pub until: u16,
}

impl Definition {
    /// A parameter that all versions have.
    #[must_use]
    pub const fn new(
        name: &'static str,
        default: &'static str,
        effect: Effect,
        kind: Kind,
        allowed: &'static str,
    ) -> Definition {
        Definition { name, default, effect, kind, allowed, since: 0, until: u16::MAX }
    }

    /// The same, in these major versions only.
    #[must_use]
    pub const fn within(mut self, since: u16, until: u16) -> Definition {
        self.since = since;
        self.until = until;
        self
    }

    /// Whether it may have this value.
    #[must_use]
    pub fn takes(&self, value: &str) -> bool {
        match self.kind {
            Kind::Integer | Kind::Float if formula::is_one(value) => true,
            Kind::Integer => value.parse::<i64>().is_ok() && self.in_range(value),
            Kind::Float => value.parse::<f64>().is_ok() && self.in_range(value),
            Kind::List => value.split(',').all(|word| self.one_of(word.trim())),
            Kind::Text | Kind::Switch => self.one_of(value),
        }
    }

    fn one_of(&self, word: &str) -> bool {
        self.allowed.is_empty() || self.allowed.split(',').any(|allowed| allowed == word)
    }

    fn in_range(&self, value: &str) -> bool {
        if self.allowed.is_empty() {
            return true;
        }
        // `-1-100`: the hyphen between the two is the first that is no sign.
        let bounds = self.allowed.get(1..).and_then(|rest| rest.find('-')).map(|at| self.allowed.split_at(at + 1));
        let Some((least, most)) = bounds else { return self.one_of(value) };
        let number = |text: &str| text.parse::<f64>().ok();
        match (number(least), number(most.trim_start_matches('-')), number(value)) {
            (Some(least), Some(most), Some(value)) => (least..=most).contains(&value),
            _ => self.one_of(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_by_kind_and_range() {
        let range = Definition::new("a", "", Effect::Dynamic, Kind::Integer, "-1-2147483647");
        assert!(range.takes("-1") && range.takes("1000") && range.takes("{DBInstanceClassMemory/32768}"));
        assert!(!range.takes("-2") && !range.takes("x") && !range.takes("2147483648") && !range.takes("1.5"));
        let words = Definition::new("b", "", Effect::Dynamic, Kind::Text, "none,ddl,mod,all");
        assert!(words.takes("ddl") && !words.takes("everything"));
        let list = Definition::new("c", "", Effect::Static, Kind::List, "pg_cron,pgaudit");
        assert!(list.takes("pg_cron, pgaudit") && !list.takes("pg_cron,other"));
        let float = Definition::new("d", "", Effect::Dynamic, Kind::Float, "0-100");
        assert!(float.takes("0.5") && !float.takes("100.1"));
    }
}
