//! Set and get variables.
//!
//! A variable of scope `roundtrip` dies with its cycle, one of scope
//! `execution` with the run (source: `make-semantics.md` §3.12).

use std::collections::HashMap;

use rouage_model::{Collection, ModuleError, Text, Value};

use super::{invalid, missing, text};

/// How deep a variable may nest. A variable that is put into itself in a loop
/// is the only way for a value to grow without bound.
const MOST_LEVELS: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifetime {
    Cycle,
    Run,
}

/// The variables of a run.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    values: HashMap<Text, (Lifetime, Value)>,
}

impl Variables {
    /// Forgets what lives only for a cycle.
    pub fn end_cycle(&mut self) {
        self.values.retain(|_, (lifetime, _)| *lifetime == Lifetime::Run);
    }

    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.values().map(|(_, value)| value)
    }

    pub fn set_one(&mut self, input: &Value) -> Result<Value, ModuleError> {
        let lifetime = lifetime(input)?;
        let mut bundle = Collection::with_capacity(1);
        self.set(lifetime, input, &mut bundle)?;
        Ok(bundle.into())
    }

    pub fn set_many(&mut self, input: &Value) -> Result<Value, ModuleError> {
        let lifetime = lifetime(input)?;
        let mut bundle = Collection::new();
        for variable in input.field("variables").as_array().unwrap_or_default() {
            self.set(lifetime, variable, &mut bundle)?;
        }
        Ok(bundle.into())
    }

    fn set(&mut self, lifetime: Lifetime, variable: &Value, bundle: &mut Collection) -> Result<(), ModuleError> {
        let name = name(variable)?;
        let value = variable.field("value").clone();
        if value.nests_deeper_than(MOST_LEVELS) {
            return Err(invalid("value", &format!("it nests deeper than {MOST_LEVELS} levels")));
        }
        bundle.insert(name.clone(), value.clone());
        match self.values.get_mut(&name) {
            Some(known) => *known = (lifetime, value),
            None => {
                self.values.insert(name, (lifetime, value));
            }
        }
        Ok(())
    }

    pub fn get_one(&self, input: &Value) -> Result<Value, ModuleError> {
        let name = name(input)?;
        let mut bundle = Collection::with_capacity(1);
        bundle.insert(name.clone(), self.value(&name));
        Ok(bundle.into())
    }

    pub fn get_many(&self, input: &Value) -> Result<Value, ModuleError> {
        let mut bundle = Collection::new();
        for name in input.field("variables").as_array().unwrap_or_default() {
            let name = super::to_text(name, "variables")?;
            let value = self.value(&name);
            bundle.insert(name, value);
        }
        Ok(bundle.into())
    }

    fn value(&self, name: &str) -> Value {
        self.values.get(name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

fn name(variable: &Value) -> Result<Text, ModuleError> {
    let name = text(variable, "name")?;
    if name.is_empty() { Err(missing("name")) } else { Ok(name) }
}

fn lifetime(input: &Value) -> Result<Lifetime, ModuleError> {
    match text(input, "scope")?.as_ref() {
        "roundtrip" => Ok(Lifetime::Cycle),
        "execution" => Ok(Lifetime::Run),
        "" => Err(missing("scope")),
        other => Err(invalid("scope", &format!("{other:?} is neither \"roundtrip\" nor \"execution\""))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_cannot_nest_without_bound() {
        let mut variables = Variables::default();
        let mut value = Value::from(1);
        let outcome = (0..1_000).find_map(|_| {
            value = Value::from(vec![value.clone()]);
            let fields = [("name", Value::from("x")), ("scope", Value::from("execution")), ("value", value.clone())];
            variables.set_one(&fields.into_iter().collect::<Collection>().into()).err()
        });
        assert!(outcome.is_some_and(|error| error.details[0].contains("200 levels")));
    }
}
