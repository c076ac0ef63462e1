//! A Make blueprint, kept without loss.
//!
//! The document stays exactly what was imported; everything else is a view
//! into it. Format: `blueprint-format.md`. Accepted wrappers: a plain
//! blueprint, the API's `{"response":{"blueprint":…}}`, `{"blueprint":{…}}`
//! and `{"blueprint":"<JSON text>"}`.

use std::fmt;

use crate::ids::ModuleId;
use crate::json;
use crate::value::Value;

/// The largest file that is read, in bytes.
pub const MAX_SIZE: usize = 50 * 1024 * 1024;

/// Why a file is not a blueprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON at all.
    #[error("this is not valid JSON: {0}")]
    Json(#[from] json::Error),
    /// Larger than [`MAX_SIZE`].
    #[error("the file has {size} bytes; blueprints of up to {MAX_SIZE} bytes are read")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// JSON, but not a blueprint.
    #[error("this is not a blueprint: {0}")]
    Shape(String),
}

/// Where in the document the blueprint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapper {
    /// The document is the blueprint.
    Plain,
    /// Under `response.blueprint`, as the API answers.
    Response,
    /// Under `blueprint`.
    Blueprint,
    /// Under `blueprint`, as JSON in a text.
    Text,
}

/// A blueprint and the document it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Blueprint {
    document: Value,
    wrapper: Wrapper,
    root: Value,
}

impl Blueprint {
    /// Reads a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_SIZE {
            return Err(Error::TooLarge { size: bytes.len() });
        }
        Self::from_document(json::parse_bounded(bytes)?)
    }

    /// Takes a parsed document.
    pub fn from_document(document: Value) -> Result<Self, Error> {
        let (wrapper, root) = unwrap(&document)?;
        match root.get("flow") {
            Some(Value::Array(_)) => {}
            Some(_) => return Err(Error::Shape("`flow` is not a list of modules".into())),
            None => return Err(Error::Shape("there is no `flow` (the list of modules)".into())),
        }
        Ok(Self { document, wrapper, root })
    }

    /// The document as it was imported, wrapper included.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// How it was wrapped.
    pub fn wrapper(&self) -> Wrapper {
        self.wrapper
    }

    /// The blueprint itself.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The scenario's name; may be empty.
    pub fn name(&self) -> &str {
        self.root.field("name").as_text().unwrap_or_default()
    }

    /// The same blueprint with another name or edited content.
    pub fn with_root(&self, root: Value) -> Result<Self, Error> {
        Self::from_document(root)
    }

    /// The same document with another blueprint in it: the wrapper stays.
    pub fn edited(&self, root: Value) -> Result<Self, Error> {
        let inside = |mut outside: crate::value::Collection, key: &str, value: Value| {
            outside.insert(key, value);
            Value::from(outside)
        };
        let document = self.document.as_collection().cloned().unwrap_or_default();
        Self::from_document(match self.wrapper {
            Wrapper::Plain => root,
            Wrapper::Blueprint => inside(document, "blueprint", root),
            Wrapper::Text => inside(document, "blueprint", json::to_string(&root).into()),
            Wrapper::Response => {
                let response = self.document.field("response").as_collection().cloned().unwrap_or_default();
                let response = inside(response, "blueprint", root);
                inside(document, "response", response)
            }
        })
    }

    /// The scenario settings under `metadata.scenario`, with Make's defaults.
    pub fn settings(&self) -> crate::scenario::Settings {
        crate::scenario::Settings::from_value(self.root.field("metadata").field("scenario"))
    }

    /// Whether the first module is an instant trigger, by its name.
    pub fn trigger(&self) -> Option<Module<'_>> {
        self.flow().next()
    }

    /// The top-level flow.
    pub fn flow(&self) -> impl Iterator<Item = Module<'_>> {
        self.root.field("flow").as_array().unwrap_or_default().iter().map(Module)
    }

    /// Every module of the tree in document order: flows, routes, branches,
    /// error routes and agent tools. Not the orphans.
    pub fn modules(&self) -> Vec<Visited<'_>> {
        let mut walk = Walk::default();
        walk.flow(self.root.field("flow"), Place::Flow, 0);
        walk.visited
    }

    /// The modules of that walk that a run can come to: nothing that is
    /// switched off, and nothing behind it.
    pub fn enabled_modules(&self) -> Vec<Visited<'_>> {
        let mut walk = Walk { only_enabled: true, ..Walk::default() };
        walk.flow(self.root.field("flow"), Place::Flow, 0);
        walk.visited
    }

    /// Modules that lie on the canvas without being connected.
    pub fn orphans(&self) -> Vec<Module<'_>> {
        let orphans = self.root.field("metadata").field("designer").field("orphans");
        let flows = orphans.as_array().unwrap_or_default().iter();
        flows.flat_map(|flow| flow.as_array().unwrap_or_default()).map(Module).collect()
    }

    /// The module with this id.
    pub fn module(&self, id: ModuleId) -> Option<Module<'_>> {
        self.modules().into_iter().map(|visited| visited.module).find(|module| module.id() == Some(id))
    }
}

fn unwrap(document: &Value) -> Result<(Wrapper, Value), Error> {
    if !matches!(document, Value::Collection(_)) {
        return Err(Error::Shape(format!("the document is {} instead of an object", with_article(document))));
    }
    if document.get("flow").is_some() {
        return Ok((Wrapper::Plain, document.clone()));
    }
    if let Some(inner @ Value::Collection(_)) = document.field("response").get("blueprint") {
        return Ok((Wrapper::Response, inner.clone()));
    }
    match document.get("blueprint") {
        Some(inner @ Value::Collection(_)) => Ok((Wrapper::Blueprint, inner.clone())),
        Some(Value::Text(text)) => Ok((Wrapper::Text, json::parse_bounded(text.as_bytes())?)),
        _ => Ok((Wrapper::Plain, document.clone())),
    }
}

fn with_article(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Text(_) => "a text",
        Value::Number(_) => "a number",
        _ => "a single value",
    }
}

/// Where a module stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a flow: the scenario's own or one that continues it.
    Flow,
    /// In a route of a router, counted from 0.
    Route(ModuleId, usize),
    /// In a branch of an if-else, counted from 0.
    Branch(ModuleId, usize),
    /// On the error route of a module.
    ErrorRoute(ModuleId),
    /// A tool of an AI agent.
    Tool(ModuleId),
}

/// A module and where the walk met it.
#[derive(Debug, Clone, Copy)]
pub struct Visited<'a> {
    /// The module.
    pub module: Module<'a>,
    /// The flow it stands in.
    pub place: Place,
    /// Its position in that flow, from 0.
    pub position: usize,
}

#[derive(Default)]
struct Walk<'a> {
    only_enabled: bool,
    visited: Vec<Visited<'a>>,
}

impl<'a> Walk<'a> {
    fn flow(&mut self, flow: &'a Value, place: Place, level: usize) {
        if level > json::MAX_DEPTH {
            return;
        }
        for (position, raw) in flow.as_array().unwrap_or_default().iter().enumerate() {
            let module = Module(raw);
            if self.only_enabled && module.is_disabled() {
                // It ends its branch.
                return;
            }
            self.visited.push(Visited { module, place, position });
            let owner = module.id().unwrap_or(ModuleId(-1));
            self.ways(module.routes(), level, |index| Place::Route(owner, index));
            self.ways(module.branches(), level, |index| Place::Branch(owner, index));
            self.flow(raw.field("onerror"), Place::ErrorRoute(owner), level + 1);
            for tool in raw.field("tools").as_array().unwrap_or_default() {
                self.flow(tool.field("flow"), Place::Tool(owner), level + 1);
            }
        }
    }

    fn ways(&mut self, ways: &'a [Value], level: usize, place: impl Fn(usize) -> Place) {
        for (index, way) in ways.iter().enumerate() {
            let is_off = way.field("disabled").as_bool() == Some(true);
            if !(self.only_enabled && is_off) {
                self.flow(way.field("flow"), place(index), level + 1);
            }
        }
    }
}

/// A view of one module object. Missing and null parts read as empty.
#[derive(Clone, Copy, PartialEq)]
pub struct Module<'a>(pub &'a Value);

impl fmt::Debug for Module<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name(), self.id())
    }
}

impl<'a> Module<'a> {
    /// Its id. Placeholders have none; digits in a text are accepted.
    pub fn id(self) -> Option<ModuleId> {
        match self.0.field("id") {
            Value::Text(digits) => digits.trim().parse().ok(),
            other => other.as_i64().map(ModuleId),
        }
    }

    /// `app:Name`, as written.
    pub fn name(self) -> &'a str {
        self.0.field("module").as_text().unwrap_or_default()
    }

    /// The app part of the name.
    pub fn app(self) -> &'a str {
        self.name().split(':').next().unwrap_or_default()
    }

    /// The app version; `None` when absent. Digits in a text are accepted.
    pub fn version(self) -> Option<i64> {
        match self.0.field("version") {
            Value::Text(digits) => digits.trim().parse().ok(),
            other => other.as_i64(),
        }
    }

    /// Static configuration: connections, hooks, feeders.
    pub fn parameters(self) -> &'a Value {
        self.0.field("parameters")
    }

    /// Mapped input: texts with `{{ }}` at any depth.
    pub fn mapper(self) -> &'a Value {
        self.0.field("mapper")
    }

    /// The filter on the link into this module; nothing when there is none.
    pub fn filter(self) -> &'a Value {
        self.0.field("filter")
    }

    /// Aggregator options.
    pub fn flags(self) -> &'a Value {
        self.0.field("flags")
    }

    /// Routes of a router, each a collection with `flow`.
    pub fn routes(self) -> &'a [Value] {
        self.0.field("routes").as_array().unwrap_or_default()
    }

    /// Branches of an if-else.
    pub fn branches(self) -> &'a [Value] {
        self.0.field("branches").as_array().unwrap_or_default()
    }

    /// The error route; empty when there is none.
    pub fn error_route(self) -> &'a [Value] {
        self.0.field("onerror").as_array().unwrap_or_default()
    }

    /// Whether the user switched it off.
    pub fn is_disabled(self) -> bool {
        self.0.field("disabled").as_bool().unwrap_or(false)
    }

    /// The user's own name for it, if any.
    pub fn label(self) -> Option<&'a str> {
        let label = self.0.field("metadata").field("designer").field("name").as_text()?;
        (!label.is_empty()).then_some(label)
    }

    /// Its place on the canvas, in pixels.
    pub fn position(self) -> Option<(f64, f64)> {
        let designer = self.0.field("metadata").field("designer");
        match (designer.field("x"), designer.field("y")) {
            (Value::Number(x), Value::Number(y)) => Some((x.as_f64(), y.as_f64())),
            _ => None,
        }
    }

    /// The learned structure of its output: a list of fields.
    pub fn interface(self) -> &'a [Value] {
        self.0.field("metadata").field("interface").as_array().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wrappers_are_opened_and_kept() {
        let plain = r#"{"name":"x","flow":[{"id":"3","module":"a:B"}]}"#;
        let text = json::to_string(&Value::text(plain));
        for (file, wrapper) in [
            (plain.to_owned(), Wrapper::Plain),
            (format!(r#"{{"code":"OK","response":{{"blueprint":{plain}}}}}"#), Wrapper::Response),
            (format!(r#"{{"blueprint":{plain},"language":"en"}}"#), Wrapper::Blueprint),
            (format!(r#"{{"blueprint":{text}}}"#), Wrapper::Text),
        ] {
            let blueprint = Blueprint::parse(file.as_bytes()).unwrap();
            assert_eq!((blueprint.wrapper(), blueprint.name()), (wrapper, "x"));
            assert_eq!(json::to_string(blueprint.document()), file);
            assert_eq!(blueprint.modules()[0].module.id(), Some(ModuleId(3)));
        }
    }

    #[test]
    fn what_is_no_blueprint_says_why() {
        assert!(Blueprint::parse(b"[]").unwrap_err().to_string().contains("a list"));
        assert!(Blueprint::parse(b"{}").unwrap_err().to_string().contains("no `flow`"));
        assert!(Blueprint::parse(b"{\"flow\":3}").unwrap_err().to_string().contains("not a list"));
        assert!(Blueprint::parse(b"{\"flow\"").unwrap_err().to_string().contains("line 1"));
    }

    #[test]
    fn the_walk_meets_every_flow() {
        let file = br#"{"flow":[{"id":1,"module":"a:A","onerror":[{"id":2,"module":"builtin:Ignore"}]},
            {"id":3,"module":"builtin:BasicRouter","routes":[{"flow":[{"id":4,"module":"a:B"}]},{"flow":[]}]}]}"#;
        let blueprint = Blueprint::parse(file).unwrap();
        let places: Vec<_> = blueprint.modules().iter().map(|v| (v.module.id().unwrap().0, v.place)).collect();
        assert_eq!(
            places,
            [
                (1, Place::Flow),
                (2, Place::ErrorRoute(ModuleId(1))),
                (3, Place::Flow),
                (4, Place::Route(ModuleId(3), 0)),
            ]
        );
    }

    #[test]
    fn what_is_behind_something_switched_off_is_not_enabled() {
        let file = br#"{"flow":[{"id":1,"module":"a:A"},{"id":2,"module":"builtin:BasicRouter","routes":[
            {"disabled":true,"flow":[{"id":3,"module":"a:B"}]},
            {"flow":[{"id":4,"module":"a:B","disabled":true},{"id":5,"module":"a:B"}]},{"flow":[{"id":6,"module":"a:B"}]}]}]}"#;
        let blueprint = Blueprint::parse(file).unwrap();
        let ids: Vec<i64> = blueprint.enabled_modules().iter().map(|visited| visited.module.id().unwrap().0).collect();
        assert_eq!(ids, [1, 2, 6]);
    }
}
