//! Switches of the tenant's behaviour as a person types them: `NAME=VALUE`.

use std::str::FromStr;

use serde_json::Value;

use super::behavior::Behavior;
use super::spec::{SpecError, wrong};

/// One switch of the tenant's behaviour, turned from outside its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    name: String,
    value: Value,
}

impl Switch {
    /// Turns it.
    pub(super) fn turn(&self, behavior: &mut Behavior) {
        // It was tried when it was read, so it fits.
        if let Ok(turned) = self.turned(*behavior) {
            *behavior = turned;
        }
    }

    fn turned(&self, behavior: Behavior) -> Result<Behavior, serde_json::Error> {
        let mut members = serde_json::to_value(behavior)?;
        if let Some(members) = members.as_object_mut() {
            members.insert(self.name.clone(), self.value.clone());
        }
        serde_json::from_value(members)
    }
}

impl FromStr for Switch {
    type Err = SpecError;

    fn from_str(spec: &str) -> Result<Self, SpecError> {
        let default = serde_json::to_value(Behavior::default()).unwrap_or_default();
        let known = default.as_object().cloned().unwrap_or_default();
        let names = || known.keys().cloned().collect::<Vec<_>>().join(", ");
        let Some((name, text)) = spec.trim().split_once('=') else {
            return wrong(format!(
                "a switch is NAME=VALUE, for example `listOrder=reversed`; names: {}",
                names()
            ));
        };
        let Some(usual) = known.get(name) else {
            return wrong(format!("there is no switch `{name}`; allowed: {}", names()));
        };
        let value = match text.parse::<u64>() {
            Ok(number) if usual.is_number() => number.into(),
            _ => Value::from(text),
        };
        let switch = Self {
            name: name.to_owned(),
            value,
        };
        match switch.turned(Behavior::default()) {
            Ok(_) => Ok(switch),
            Err(_) if usual.is_number() => wrong(format!(
                "`{name}` can't be `{text}`; allowed: a whole number"
            )),
            Err(error) => {
                let full = error.to_string();
                let expected = full
                    .split_once(", expected ")
                    .map_or("", |(_, after)| after);
                let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
                wrong(format!(
                    "`{name}` can't be `{text}`; allowed: {}",
                    words.join(", ")
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_switch_is_turned_or_says_what_is_allowed() {
        let mut behavior = Behavior::default();
        for spec in [
            "listOrder=reversed",
            "staleReads=3",
            " emptyTargets=refuse ",
        ] {
            spec.parse::<Switch>().unwrap().turn(&mut behavior);
        }
        let expected =
            json!({ "listOrder": "reversed", "staleReads": 3, "emptyTargets": "refuse" });
        let expected: Behavior = serde_json::from_value(expected).unwrap();
        assert_eq!(behavior, expected);
        for (spec, says) in [
            ("reversed", "NAME=VALUE"),
            (
                "listorder=reversed",
                "there is no switch `listorder`; allowed: nestedObjects, ",
            ),
            (
                "listOrder=backwards",
                "`listOrder` can't be `backwards`; allowed: asSent, reversed",
            ),
            ("writtenText=x", "allowed: asSent, trimmed, reformatted"),
            (
                "staleReads=two",
                "`staleReads` can't be `two`; allowed: a whole number",
            ),
            ("staleReads=-1", "a whole number"),
            ("listOrder=1", "asSent, reversed"),
        ] {
            let error = spec.parse::<Switch>().unwrap_err().to_string();
            assert!(error.contains(says), "{spec}: {error}");
        }
    }
}
