//! Puts together what is known of a draft from all sources. A source that is
//! nearer to what really happened goes first: bundles of a run, what a webhook
//! has received, what the editor of Make has kept, what the app describes.

use std::collections::BTreeMap;
use std::sync::Arc;

use rouage_model::blueprint::Module;
use rouage_model::interface::Interface;
use rouage_model::structure::Structure;
use rouage_model::{Blueprint, Collection, DatastoreId, HookId, ModuleId, ScenarioId, StructureId, TeamId, Value};
use rouage_sdk::registry::Found;
use rouage_sdk::{FieldKind, Kind, Spec};
use rouage_store::drafts::Draft;
use rouage_store::executions::Execution;
use rouage_store::{Error, datastores, deliveries, structures};

use super::ground::Ground;
use super::items::{Item, Items, ModuleItems, Source, Writer, below, share};
use super::native;
use super::samples::{self, Sample, Samples};
use super::tree::Known;
use crate::catalogue::RegistryCatalogue;
use crate::core::Core;
use crate::hooks::LiveHook;
use crate::plans::Prepared;
use crate::{choices, links};

/// What modules that read rows call the number of the row.
const ROW_NUMBER: &str = "__ROW_NUMBER__";
/// Sheets whose headers are read.
const MOST_SHEETS: usize = 20;

/// The webhook that a scenario listens to.
pub fn hook(core: &Core, team: TeamId, id: ScenarioId) -> Option<Arc<LiveHook>> {
    let hooks = core.hooks.all();
    let listens =
        |hook: &Arc<LiveHook>| hook.team == team && hook.scenario.as_ref().map(|scenario| scenario.id) == Some(id);
    hooks.into_iter().find(listens)
}

/// Everything that is known of a draft.
pub async fn build(
    core: &Core,
    live: &Prepared,
    draft: &Draft,
    runs: &[Execution],
    attached: Option<&LiveHook>,
) -> Result<(Items, Ground), Error> {
    let blueprint = links::apply(&draft.blueprint, &draft.links);
    let is_confidential = draft.blueprint.settings().confidential || live.plan.settings().confidential;
    let team = live.team;
    // What confidential bundles look like is told; what is in them never
    // leaves this function.
    let samples = samples::gather(core, team, &blueprint, runs).await?;
    let received = received(core, team, draft, &blueprint, attached).await?;
    let structures = structures_of(core, team, draft, &blueprint).await?;
    let columns = columns_of(core, team, draft).await;
    let interface = Interface::of(&blueprint);
    let inputs = match &samples.inputs {
        given @ Value::Collection(_) => given.clone(),
        _ => crate::inputs::defaults(&interface, &live.timezone),
    };
    let mut ground = Ground {
        bundles: BTreeMap::new(),
        errors: BTreeMap::new(),
        known: BTreeMap::new(),
        variables: BTreeMap::new(),
        visible: rouage_engine::visible(&blueprint, &RegistryCatalogue(&core.registry)),
        inputs,
        scenario: draft.scenario,
        name: live.name.clone(),
        url: core.scenario_url(draft.scenario).into(),
        execution: samples.run.map(|(id, _)| id),
        timezone: live.timezone.clone(),
        now: core.clock.now(),
    };
    let sources = Sources {
        core,
        blueprint: &blueprint,
        samples: &samples,
        received: &received,
        structures: &structures,
        columns: &columns,
    };
    let mut from = BTreeMap::new();
    for visited in blueprint.modules() {
        let Some(id) = visited.module.id() else { continue };
        if !ground.known.contains_key(&id) {
            from.insert(id, sources.add(id, visited.module, &mut ground));
        }
    }
    if is_confidential {
        forget(&mut ground);
    }
    let items = items(&ground, &from, &samples, &interface, is_confidential);
    Ok((items, ground))
}

fn forget(ground: &mut Ground) {
    ground.bundles.clear();
    ground.errors.clear();
    ground.inputs = Value::empty_collection();
    ground.execution = None;
    ground.known.values_mut().chain(ground.variables.values_mut()).for_each(Known::forget_values);
}

/// What a webhook has learned, and its last request.
#[derive(Default)]
struct Received {
    module: Option<ModuleId>,
    interface: Value,
    last: Option<(Value, jiff::Timestamp)>,
}

async fn received(
    core: &Core,
    team: TeamId,
    draft: &Draft,
    blueprint: &Blueprint,
    attached: Option<&LiveHook>,
) -> Result<Received, Error> {
    let Some(first) = blueprint.trigger() else { return Ok(Received::default()) };
    let Found::Same(found) = core.registry.find(first.name(), first.version()) else { return Ok(Received::default()) };
    let (Some(id), Kind::InstantTrigger) = (first.id(), found.spec().kind) else { return Ok(Received::default()) };
    let field = found.spec().parameters.iter().find(|field| matches!(field.kind, FieldKind::Hook(_)));
    let linked = field.and_then(|field| links::get(&draft.links, id, field.name)).and_then(number).map(HookId);
    let hooks = core.hooks.all();
    let chosen = hooks.iter().find(|hook| hook.team == team && Some(hook.hook.id) == linked).map(Arc::as_ref);
    let Some(hook) = chosen.or(attached) else { return Ok(Received::default()) };
    let last = deliveries::last(&core.store, team, hook.hook.id, 1).await?.into_iter().next();
    let last = last.and_then(|delivery| Some((delivery.payload?.into_iter().next_back()?, delivery.row.received_at)));
    Ok(Received { module: Some(id), interface: hook.hook.interface.clone(), last })
}

fn number(link: &Value) -> Option<i64> {
    link.as_i64().or_else(|| link.as_text()?.parse().ok())
}

/// Whether its output has records under `data`.
fn has_open_data(spec: &Spec) -> bool {
    spec.output.iter().any(|field| field.name == "data" && field.kind == FieldKind::Collection(Vec::new()))
}

/// The data structures that describe outputs of which the app says nothing
/// itself: of a module that reads a text by one, and of records.
async fn structures_of(
    core: &Core,
    team: TeamId,
    draft: &Draft,
    blueprint: &Blueprint,
) -> Result<BTreeMap<ModuleId, Structure>, Error> {
    let mut found = BTreeMap::new();
    for visited in blueprint.modules() {
        let (Some(id), Found::Same(module)) =
            (visited.module.id(), core.registry.find(visited.module.name(), visited.module.version()))
        else {
            continue;
        };
        let spec = module.spec();
        if !(spec.output.is_empty() || has_open_data(spec)) {
            continue;
        }
        for field in spec.parameters.iter().chain(&spec.mapper) {
            let Some(link) = links::get(&draft.links, id, field.name).and_then(number) else { continue };
            let structure = match field.kind {
                FieldKind::Structure => Some(StructureId(link)),
                FieldKind::Datastore => {
                    let store = datastores::find(&core.store, team, DatastoreId(link)).await?;
                    store.and_then(|store| store.structure)
                }
                _ => None,
            };
            let Some(structure) = structure else { continue };
            if let Some(row) = structures::find(&core.store, team, structure).await? {
                found.insert(id, row.structure);
            }
        }
    }
    Ok(found)
}

/// The columns of the sheets that modules read rows of.
async fn columns_of(core: &Core, team: TeamId, draft: &Draft) -> BTreeMap<ModuleId, Known> {
    let mut found = BTreeMap::new();
    for visited in draft.blueprint.modules() {
        let module = visited.module;
        let (Some(id), Found::Same(same)) = (module.id(), core.registry.find(module.name(), module.version())) else {
            continue;
        };
        if found.len() >= MOST_SHEETS || !same.spec().output.iter().any(|field| field.name == ROW_NUMBER) {
            continue;
        }
        let columns = choices::columns(core, team, draft, module).await;
        if !columns.is_empty() {
            let fields = columns.into_iter().map(|column| Known::named(column.name, column.label, "any"));
            found.insert(id, Known::output(fields.collect()));
        }
    }
    found
}

struct Sources<'a> {
    core: &'a Core,
    blueprint: &'a Blueprint,
    samples: &'a Samples,
    received: &'a Received,
    structures: &'a BTreeMap<ModuleId, Structure>,
    columns: &'a BTreeMap<ModuleId, Known>,
}

impl Sources<'_> {
    /// Adds what is known of one module; those before it are there already.
    fn add(&self, id: ModuleId, module: Module<'_>, ground: &mut Ground) -> Source {
        let sample = self.samples.modules.get(&id);
        let (mut known, bundle, from) = match native::computed(module, self.blueprint, ground) {
            Some(computed) => self.native(module, computed, sample),
            None => self.of_app(id, module, sample),
        };
        known.kind = "collection";
        if let Some(bundle) = bundle {
            ground.bundles.insert(id, bundle);
        }
        if matches!(module.name(), "util:SetVariable" | "util:SetVariable2" | "util:SetVariables") {
            ground.variables.extend(known.fields.iter().map(|field| (field.name.clone(), field.clone())));
        }
        if !module.error_route().is_empty() {
            let error = sample.and_then(|sample| sample.error.as_ref());
            if let Some(error) = error {
                ground.errors.insert(id, Collection::from_iter([("error", error.clone())]).into());
            }
            known.fields.retain(|field| field.name != "error");
            known.fields.push(native::error(error));
        }
        ground.known.insert(id, known);
        from
    }

    /// The output of a native module follows from its mapping. A run that had
    /// another mapping only lends its values.
    fn native(
        &self,
        module: Module<'_>,
        computed: native::Computed,
        sample: Option<&Sample>,
    ) -> (Known, Option<Value>, Source) {
        let mut known = computed.known;
        let Some(Sample { last: Some(last), settings, known: seen, .. }) = sample else {
            return (known, computed.bundle, Source::Mapping);
        };
        if *settings == (module.mapper().clone(), module.parameters().clone()) {
            known.fill(last);
            known.absorb(seen.clone());
            return (known, Some(last.clone()), Source::Run);
        }
        if computed.bundle.is_none() {
            known.fill(last);
        }
        (known, computed.bundle.or_else(|| Some(last.clone())), Source::Mapping)
    }

    fn of_app(&self, id: ModuleId, module: Module<'_>, sample: Option<&Sample>) -> (Known, Option<Value>, Source) {
        let mut known = Known::output(Vec::new());
        let (mut from, mut bundle) = (Source::None, None);
        let mut add = |more: Known, source: Source| {
            if from == Source::None && !more.is_empty() {
                from = source;
            }
            known.absorb(Known { value: None, ..more });
        };
        let ran = sample.and_then(|sample| Some((sample.last.as_ref()?, &sample.known, sample.at)));
        let is_hook = self.received.module == Some(id);
        let request =
            self.received.last.as_ref().filter(|(_, at)| is_hook && ran.is_none_or(|(_, _, then)| *at > then));
        if let Some((request, _)) = request {
            bundle = Some(request.clone());
            add(Known::of_value(request), Source::Webhook);
        }
        if let Some((last, fields, _)) = ran {
            add(fields.clone(), Source::Run);
            bundle.get_or_insert_with(|| last.clone());
        }
        if is_hook {
            let learned = self.received.interface.as_array().unwrap_or_default();
            add(Known::of_interface(learned), Source::Webhook);
        }
        if let Some(kept) = self.kept(id) {
            add(Known::of_value(kept), Source::Sample);
            bundle.get_or_insert_with(|| kept.clone());
        }
        add(Known::of_interface(module.interface()), Source::Sample);
        let found = self.core.registry.find(module.name(), module.version());
        let spec = if let Found::Same(found) = &found { Some(found.spec()) } else { None };
        if let Some(structure) = self.structures.get(&id) {
            add(by_structure(module, spec, structure), Source::Description);
        }
        if let Some(columns) = self.columns.get(&id) {
            add(columns.clone(), Source::Description);
        }
        if let Some(spec) = spec.filter(|spec| !spec.output.is_empty()) {
            add(Known::of_spec(&spec.output), Source::Description);
        }
        label_numbers(&mut known, spec);
        (known, bundle, from)
    }

    /// A sample bundle that older files carry.
    fn kept(&self, id: ModuleId) -> Option<&Value> {
        let samples = self.blueprint.root().field("metadata").field("designer").field("samples");
        samples.get(&id.to_string()).filter(|sample| sample.as_collection().is_some())
    }
}

/// The fields of a record stand alone, or under `data` beside the key.
fn by_structure(module: Module<'_>, spec: Option<&Spec>, structure: &Structure) -> Known {
    let fields = Known::of_structure(structure);
    let is_wrapped = module.mapper().field("returnWrapped").as_bool().unwrap_or(false);
    if !is_wrapped && !spec.is_some_and(has_open_data) {
        return fields;
    }
    let key = is_wrapped.then(|| Known::named("key", "Key", "text"));
    Known::output(key.into_iter().chain([fields.called("data", "Data")]).collect())
}

/// What Make adds to the bundles of a search has names for machines.
fn label_numbers(known: &mut Known, spec: Option<&Spec>) {
    for field in &mut known.fields {
        if field.label.is_empty() {
            field.label = match field.name.as_str() {
                "__IMTINDEX__" => "Bundle order position",
                "__IMTLENGTH__" => "Total number of bundles",
                "__ROW_NUMBER__" if spec.is_some() => "Row number",
                _ => continue,
            }
            .to_owned();
        }
    }
}

fn items(
    ground: &Ground,
    from: &BTreeMap<ModuleId, Source>,
    samples: &Samples,
    interface: &Interface,
    is_confidential: bool,
) -> Items {
    let share = share(ground.known.len());
    let has_values = !is_confidential;
    let modules = ground.known.iter().map(|(id, known)| {
        let mut writer = Writer { timezone: &ground.timezone, has_values, left: share };
        // Values that are shown are those of the bundle that previews use.
        let mut known = known.clone();
        if let Some(bundle) = ground.bundles.get(id) {
            known.show_values_of(bundle);
        }
        let (mut items, more) = writer.fields(&known, &id.to_string());
        if !items.is_empty() {
            items.push(whole(*id));
        }
        let bundles = samples.modules.get(id).map_or(0, |sample| sample.bundles);
        (*id, ModuleItems { bundles, from: from.get(id).copied().unwrap_or_default(), items, more })
    });
    let modules = modules.collect();
    let run = samples.run.filter(|_| has_values);
    let visible = ground.visible.clone();
    Items { run, modules, visible, is_confidential, variables: variables(ground, interface, has_values) }
}

fn whole(id: ModuleId) -> Item {
    let label = "Whole bundle".to_owned();
    Item { label, kind: "collection", path: format!("`{id}`"), ..Item::default() }
}

/// Inputs of the scenario, and what the scenario knows of itself.
fn variables(ground: &Ground, interface: &Interface, has_values: bool) -> Vec<Item> {
    let mut inputs = Known::output(interface.inputs.iter().map(native::input).collect());
    inputs.show_values_of(&ground.inputs);
    let mut writer = Writer { timezone: &ground.timezone, has_values, left: share(1) };
    let (mut items, _) = writer.fields(&inputs, "var.input");
    let of_scenario = [
        ("name", "Scenario name", "text", Some(Value::Text(ground.name.clone()))),
        ("id", "Scenario ID", "number", Some(ground.scenario.0.into())),
        ("url", "Scenario URL", "text", Some(Value::Text(ground.url.clone()))),
        ("executionId", "Execution ID", "text", ground.execution.map(|id| id.to_string().into())),
    ];
    items.extend(of_scenario.into_iter().map(|(name, label, kind, value)| Item {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        path: below("var.scenario", name),
        sample: value.as_ref().and_then(|value| super::items::sample(value, &ground.timezone)),
        ..Item::default()
    }));
    items
}
