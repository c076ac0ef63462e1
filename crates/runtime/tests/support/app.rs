//! An app whose modules do what a script says.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{
    App, Call, Effect, Field, FieldKind, Kind, Module, OutboxMail, Outcome, Prepared, Settled, Spec, Staged,
    StagedEffect, Start, WebhookResponse,
};
use tokio::sync::Notify;

/// What a module does when it is called. Without a play it does its work.
#[derive(Debug, Clone)]
pub enum Play {
    /// Nothing, and says so.
    Fail(ModuleError),
    /// Its work, and then an error all the same.
    DoAndFail(ModuleError),
    /// Waits for `Script::go_on`, then does its work.
    Hang,
    /// Its work, and then waits for `Script::go_on`.
    DoAndHang,
    /// Its work, as without a play.
    Nothing,
    /// Breaks down.
    Panic,
}

/// The script of all modules, and what they did.
#[derive(Default)]
pub struct Script {
    plays: Mutex<HashMap<&'static str, VecDeque<Play>>>,
    settles: Mutex<VecDeque<Result<Settled, ModuleError>>>,
    effects: Mutex<Vec<String>>,
    keys: Mutex<BTreeSet<String>>,
    calls: Mutex<Vec<(String, Value)>>,
    guarded: Mutex<bool>,
    items: Mutex<Vec<String>>,
    pub go_on: Notify,
    /// Rung by a module that hangs.
    pub hangs: Notify,
}

impl Script {
    /// Adds what the module does next.
    pub fn play(&self, module: &'static str, play: Play) {
        self.plays.lock().unwrap().entry(module).or_default().push_back(play);
    }

    /// Adds what `test:Write` says when it is asked whether it happened.
    pub fn settle(&self, answer: Result<Settled, ModuleError>) {
        self.settles.lock().unwrap().push_back(answer);
    }

    /// What was done to the world, in order.
    pub fn effects(&self) -> Vec<String> {
        self.effects.lock().unwrap().clone()
    }

    /// The calls with their input, in order.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    /// Makes something new for `test:Watch` to find.
    pub fn item(&self, text: &str) {
        self.items.lock().unwrap().push(text.to_owned());
    }

    /// Whether a guard of `test:Write` is held.
    pub fn is_guarded(&self) -> bool {
        *self.guarded.lock().unwrap()
    }

    /// The keys of idempotent calls.
    pub fn keys(&self) -> BTreeSet<String> {
        self.keys.lock().unwrap().clone()
    }

    fn done(&self, effect: String) {
        self.effects.lock().unwrap().push(effect);
    }
}

pub fn app(script: &Arc<Script>) -> App {
    let module = |name, kind, effect| -> Arc<dyn Module> {
        let spec = Spec::new(name, 1, name, kind, effect).mapper(vec![Field::new("text", "Text", FieldKind::Any)]);
        Arc::new(Scripted { spec, script: script.clone() })
    };
    App {
        name: "test",
        label: "Test",
        color: "#000000",
        icon: "test",
        synonyms: &[],
        modules: vec![
            module("test:Hook", Kind::InstantTrigger, Effect::Pure),
            module("test:Pure", Kind::Action, Effect::Pure),
            module("test:Read", Kind::Search, Effect::Read),
            module("test:Write", Kind::Action, Effect::Write),
            module("test:Idempotent", Kind::Action, Effect::Idempotent),
            module("test:Mail", Kind::Action, Effect::Idempotent),
            module("test:Watch", Kind::PollingTrigger, Effect::Read),
            with_account(script),
            with_hook(script),
            // The name is known to the runtime: callers wait for it.
            module("gateway:WebhookRespond", Kind::Responder, Effect::Idempotent),
        ]
        .into_iter()
        .chain(super::caller::modules())
        .collect(),
        connections: Vec::new(),
    }
}

/// Is called at the webhook that it is linked to.
fn with_hook(script: &Arc<Script>) -> Arc<dyn Module> {
    let hook = Field::new("hook", "Webhook", FieldKind::Hook("gateway-webhook")).required();
    let spec = Spec::new("test:Linked", 1, "Linked", Kind::InstantTrigger, Effect::Pure).parameters(vec![hook]);
    Arc::new(Scripted { spec, script: script.clone() })
}

/// Writes as well, and wants an account for it.
fn with_account(script: &Arc<Script>) -> Arc<dyn Module> {
    let account = Field::new("__IMTCONN__", "Connection", FieldKind::Connection(&["test"]));
    let spec = Spec::new("test:Account", 1, "Write to an account", Kind::Action, Effect::Idempotent)
        .parameters(vec![account.required()])
        .mapper(vec![Field::new("text", "Text", FieldKind::Any)]);
    Arc::new(Scripted { spec, script: script.clone() })
}

struct Scripted {
    spec: Spec,
    script: Arc<Script>,
}

/// Tells when it is dropped.
struct Guard(Arc<Script>);

impl Drop for Guard {
    fn drop(&mut self) {
        *self.0.guarded.lock().unwrap() = false;
    }
}

#[async_trait]
impl Module for Scripted {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn prepare(&self, call: &Call<'_>) -> Result<Prepared, ModuleError> {
        *self.script.guarded.lock().unwrap() = true;
        let guard: Box<dyn Send> = Box::new(Guard(self.script.clone()));
        Ok(Prepared { note: call.attempt.into(), guard: Some(guard), child: None })
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let name = self.spec.name;
        let input = call.input.raw("text").clone();
        self.script.calls.lock().unwrap().push((name.to_owned(), input));
        let play = self.script.plays.lock().unwrap().get_mut(name).and_then(VecDeque::pop_front);
        match play {
            None | Some(Play::Nothing) => self.work(call).await,
            Some(Play::Fail(error)) => Err(error),
            Some(Play::DoAndFail(error)) => {
                self.work(call).await?;
                Err(error)
            }
            Some(Play::Hang) => {
                self.hang().await;
                self.work(call).await
            }
            Some(Play::DoAndHang) => {
                let outcome = self.work(call).await;
                self.hang().await;
                outcome
            }
            Some(Play::Panic) => panic!("as the script says"),
        }
    }

    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        // What was noted comes back, also after a crash.
        assert_eq!(call.note, Value::from(call.attempt));
        self.script.settles.lock().unwrap().pop_front().unwrap_or(Ok(Settled::Unknown))
    }
}

impl Scripted {
    async fn hang(&self) {
        self.script.hangs.notify_one();
        self.script.go_on.notified().await;
    }

    async fn work(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = call.input.text("text").unwrap_or_default().to_owned();
        match self.spec.name {
            "test:Write" | "test:Account" => self.script.done(text.clone()),
            "test:Idempotent" => {
                let is_new = self.script.keys.lock().unwrap().insert(call.key());
                if is_new {
                    self.script.done(text.clone());
                }
            }
            "test:Mail" => return Ok(Outcome::Staged(mail(call, text))),
            "test:Watch" => return Ok(self.watch(call)),
            "gateway:WebhookRespond" => {
                let body = text.clone().into_bytes().into();
                call.host.respond(WebhookResponse { status: 200, headers: Vec::new(), body }).await;
            }
            _ => {}
        }
        Ok(Outcome::bundle(Collection::from_iter([("text", text)])))
    }
}

impl Scripted {
    /// At most two items after the position, which counts them.
    fn watch(&self, call: &Call<'_>) -> Outcome {
        let items = self.script.items.lock().unwrap();
        let from = match (call.position.field("lastId").as_i64(), &call.start) {
            (Some(last), _) => usize::try_from(last).unwrap(),
            (None, Start::All) => 0,
            (None, _) => items.len(),
        };
        let new: Vec<_> = items.iter().skip(from).take(2).collect();
        let position = Collection::from_iter([("lastId", from + new.len())]).into();
        let bundle = |text: &&String| Collection::from_iter([("text", text.as_str())]).into();
        Outcome::Polled { bundles: new.iter().map(bundle).collect(), position }
    }
}

fn mail(call: &Call<'_>, text: String) -> Staged {
    let message_id = format!("<{}@rouage.test>", call.key());
    let mail = OutboxMail { subject: text.into(), message_id: message_id.into(), ..OutboxMail::default() };
    Staged { effect: StagedEffect::Mail(mail), finish: Box::new(|answer| Ok(vec![answer])) }
}
