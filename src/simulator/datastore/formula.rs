//! Formulas in place of numbers: what a parameter is on each instance class.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ParamValuesRef.html>

const VARIABLES: &[&str] =
    &["AllocatedStorage", "DBInstanceClassMemory", "DBInstanceVCPU", "EndPointPort", "TrueIfReplica"];

/// Each function, with how many arguments it takes at least and at most.
const FUNCTIONS: &[(&str, usize, usize)] =
    &[("GREATEST", 1, usize::MAX), ("LEAST", 1, usize::MAX), ("SUM", 1, usize::MAX), ("IF", 3, 3)];

/// Whether a text is a formula: an expression in braces, or a function.
#[must_use]
pub fn is_one(text: &str) -> bool {
    let mut left = Left(text);
    let read = left.function().or_else(|| left.braces());
    read.is_some() && left.0.trim().is_empty()
}

/// What is left to be read; each reads one thing, or nothing.
struct Left<'a>(&'a str);

impl Left<'_> {
    fn take(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn function(&mut self) -> Option<()> {
        let (name, least, most) = FUNCTIONS.iter().find(|(name, ..)| {
            let rest = self.0.trim_start().strip_prefix(name);
            rest.is_some_and(|rest| rest.trim_start().starts_with('('))
        })?;
        self.take(name)?;
        self.take("(")?;
        let mut count = 1;
        self.argument()?;
        while self.take(",").is_some() {
            self.argument()?;
            count += 1;
        }
        self.take(")")?;
        (*least..=*most).contains(&count).then_some(())
    }

    fn argument(&mut self) -> Option<()> {
        self.function().or_else(|| {
            let _ = self.take("-");
            self.braces().or_else(|| self.number())
        })
    }

    /// RDS's own defaults have a dollar sign before some.
    fn braces(&mut self) -> Option<()> {
        let _ = self.take("$");
        self.take("{")?;
        self.product()?;
        self.take("}")
    }

    fn product(&mut self) -> Option<()> {
        self.factor()?;
        while self.take("*").or_else(|| self.take("/")).is_some() {
            self.factor()?;
        }
        Some(())
    }

    fn factor(&mut self) -> Option<()> {
        if self.take("log").is_some() {
            self.take("(")?;
            self.product()?;
            return self.take(")");
        }
        VARIABLES.iter().find_map(|name| self.take(name)).or_else(|| self.number())
    }

    fn number(&mut self) -> Option<()> {
        let text = self.0.trim_start();
        let end = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
        self.0 = text.get(end..).filter(|_| end > 0)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_one;

    #[test]
    fn what_the_page_has_is_one_and_what_is_not_whole_is_none() {
        for text in [
            "{DBInstanceClassMemory}",
            "{DBInstanceClassMemory*3/4}",
            "LEAST({DBInstanceClassMemory/9531392},5000)",
            "GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)",
            "GREATEST(${DBInstanceVCPU/2},8)",
            "SUM({DBInstanceClassMemory/8187281418}, -10)",
            "IF({TrueIfReplica}, 1, 0)",
        ] {
            assert!(is_one(text), "{text}");
        }
        for text in [
            "{DBInstanceClassMemory/",
            "{DBInstanceClassMemory/9531392",
            "{Foo/1}",
            "LEAST(foo)",
            "GREATEST({DBInstanceClassMemory/2},8",
            "GREATEST()",
            "IF({TrueIfReplica}, 1)",
            "{DBInstanceClassMemory*0.75}",
            "{DBInstanceClassMemory} 5",
            "least({AllocatedStorage})",
            "{}",
        ] {
            assert!(!is_one(text), "{text}");
        }
    }
}
