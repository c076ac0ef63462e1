//! Data stores and data structures that a blueprint names, and what it carries
//! of them: Make's editor keeps the fields of a record in the module's
//! metadata, so they can be made here as they were there.

use rouage_model::blueprint::Module;
use rouage_model::structure::Structure;
use rouage_model::{Collection, Value, json};

use crate::check::{Action, ModuleReport, restore_label};

/// Asks for the data store of a module.
pub(crate) fn add_datastore(report: &mut ModuleReport, module: Module<'_>, field: &'static str) {
    let was = restore_label(module, field);
    let name = was.as_deref().map_or(String::new(), |name| format!(" (it was {name:?})"));
    report.problems.push(format!("choose the data store{name}, or have one made"));
    let structure = record_structure(module);
    report.actions.push(Action::ChooseDatastore { field, id: foreign_id(module, field), was, structure });
}

/// Offers the data structure of a module, if the blueprint names one.
pub(crate) fn add_structure(report: &mut ModuleReport, module: Module<'_>, field: &'static str) {
    let id = foreign_id(module, field);
    if id.is_empty() {
        return;
    }
    let was = restore_label(module, field);
    let metadata = module.0.field("metadata");
    // What comes out of a reader, or goes into a writer.
    let structure = fields(metadata.field("interface")).or_else(|| fields(metadata.field("expect")));
    report.actions.push(Action::ChooseStructure { field, id, was, structure });
}

/// The id that a parameter holds; empty when it holds none.
fn foreign_id(module: Module<'_>, field: &str) -> String {
    match module.parameters().field(field) {
        Value::Text(text) => text.to_string(),
        Value::Undefined | Value::Null => String::new(),
        other => json::to_string(other),
    }
}

/// The fields of a record: of the input of a module that writes one, or of the
/// output of one that reads.
fn record_structure(module: Module<'_>) -> Option<Structure> {
    let metadata = module.0.field("metadata");
    let (expect, interface) = (metadata.field("expect"), metadata.field("interface"));
    let data = |fields: &Value| {
        let fields = fields.as_array().unwrap_or_default();
        let data = fields.iter().find(|field| field.field("name").as_text() == Some("data"))?;
        self::fields(data.field("spec"))
    };
    if module.name() == "datastore:GetRecord" {
        return data(interface).or_else(|| fields(interface));
    }
    data(expect).or_else(|| data(interface))
}

fn fields(spec: &Value) -> Option<Structure> {
    let structure = Structure::parse(spec).ok()?;
    (!structure.fields.is_empty()).then_some(structure)
}

/// Modules that name the same data store know together what each knows: the
/// name, and the structure with the most fields.
pub(crate) fn share(modules: &mut [ModuleReport]) {
    let mut known: Vec<(String, Option<String>, Option<Structure>)> = Vec::new();
    for action in modules.iter().flat_map(|module| &module.actions) {
        let Action::ChooseDatastore { id, was, structure, .. } = action else { continue };
        let entry = match known.iter_mut().find(|(known, _, _)| known == id) {
            Some(entry) => entry,
            None => {
                known.push((id.clone(), None, None));
                let Some(entry) = known.last_mut() else { continue };
                entry
            }
        };
        let count = |structure: &Option<Structure>| structure.as_ref().map_or(0, |structure| structure.fields.len());
        if count(structure) > count(&entry.2) {
            entry.2.clone_from(structure);
        }
        entry.1 = entry.1.take().or_else(|| was.clone());
    }
    for action in modules.iter_mut().flat_map(|module| &mut module.actions) {
        let Action::ChooseDatastore { id, was, structure, .. } = action else { continue };
        if let Some((_, name, best)) = known.iter().find(|(known, _, _)| known == id) {
            was.clone_from(name);
            structure.clone_from(best);
        }
    }
}

/// What is made for the questions of one import, so that modules which named
/// the same thing share one.
#[derive(Debug, Default)]
pub struct Made(Collection);

impl Made {
    /// The data store made for a foreign id, or a new one.
    pub async fn datastore(
        &mut self,
        tx: &mut rouage_store::WriteTx,
        team: rouage_model::TeamId,
        id: &str,
        (name, structure): (&str, Option<&Structure>),
    ) -> Result<i64, rouage_store::Error> {
        let place = format!("datastore.{id}");
        if let Some(made) = self.0.get(&place).and_then(Value::as_i64) {
            return Ok(made);
        }
        let structure = match structure {
            Some(structure) => Some(rouage_store::structures::create(tx, team, name, structure).await?),
            None => None,
        };
        let max_size = rouage_model::datastore::DEFAULT_MAX_SIZE;
        let settings = rouage_store::datastores::Settings { name: name.to_owned(), structure, max_size };
        let made = rouage_store::datastores::create(tx, team, settings).await?.0;
        self.0.insert(place, made);
        Ok(made)
    }

    /// The data structure made for a foreign id, or a new one.
    pub async fn structure(
        &mut self,
        tx: &mut rouage_store::WriteTx,
        team: rouage_model::TeamId,
        id: &str,
        (name, structure): (&str, &Structure),
    ) -> Result<i64, rouage_store::Error> {
        let place = format!("structure.{id}");
        if let Some(made) = self.0.get(&place).and_then(Value::as_i64) {
            return Ok(made);
        }
        let made = rouage_store::structures::create(tx, team, name, structure).await?.0;
        self.0.insert(place, made);
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Blueprint;

    use super::*;

    fn structure_of(module: &str) -> Option<Vec<String>> {
        let text = format!(r#"{{"flow":[{module}]}}"#);
        let blueprint = Blueprint::parse(text.as_bytes()).unwrap();
        let found = record_structure(blueprint.modules()[0].module)?;
        Some(found.fields.iter().map(|field| format!("{} {}", field.name, field.kind.as_str())).collect())
    }

    #[test]
    fn the_fields_of_a_record_are_in_the_metadata_of_its_modules() {
        let add = r#"{"id":1,"module":"datastore:AddRecord","metadata":{"expect":[{"name":"key","type":"text"},
            {"name":"data","type":"collection","spec":[{"name":"n","type":"number","label":null}]}]}}"#;
        let get = r#"{"id":1,"module":"datastore:GetRecord","metadata":{"expect":[{"name":"key","type":"text"}],
            "interface":[{"name":"n","type":"number"},{"name":"t","type":"text"}]}}"#;
        let search = r#"{"id":1,"module":"datastore:SearchRecord","metadata":{"interface":[{"name":"key","type":"text"},
            {"name":"data","spec":[{"name":"t","type":"text"}]}]}}"#;
        assert_eq!(structure_of(add).unwrap(), ["n number"]);
        assert_eq!(structure_of(get).unwrap(), ["n number", "t text"]);
        assert_eq!(structure_of(search).unwrap(), ["t text"]);
        assert_eq!(structure_of(r#"{"id":1,"module":"datastore:Stats","metadata":{}}"#), None);
    }
}
