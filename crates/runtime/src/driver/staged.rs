//! Effects in Rouage's own store, made in the transaction of their answer.

use rouage_engine::Call as EngineCall;
use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{ErrorKind, ModuleError, Text, Value};
use rouage_sdk::{Call, OutboxMail, Staged, StagedEffect};
use rouage_store::datastores::refusals;
use rouage_store::mails::Attachment;
use rouage_store::{NewMail, NewPosition, StagedWrite, StoreEffect};

use super::{Drive, Next};
use crate::journal::Halt;
use crate::positions;

impl Drive<'_> {
    pub(super) async fn stage(&mut self, request: &EngineCall, staged: Staged) -> Result<Next, Halt> {
        let effect = match staged.effect {
            StagedEffect::Sheets(call) => self.revocable(StoreEffect::Sheets(call)),
            StagedEffect::Mail(mail) => self.revocable(StoreEffect::Mail(self.new_mail(request, mail))),
            StagedEffect::Datastore(call) => self.revocable(StoreEffect::Datastore(call)),
            StagedEffect::Counter { module } => StoreEffect::Counter { scenario: self.job.scenario, module },
        };
        let (at, operation, module, finish) = (self.now(), request.operation, request.module, staged.finish);
        let finish = Box::new(move |answer: Result<Value, ApiError>| {
            let bundles = answer.map_err(|error| module_error(&error)).and_then(finish);
            match bundles {
                Ok(bundles) => Event::Returned { at, operation, module, bundles },
                Err(error) => Event::Failed { at, operation, module, error },
            }
        });
        match self.pen.stage(&mut self.run, StagedWrite { effect, finish }).await? {
            None => Ok(Next::GoOn),
            // The journal could be written without it. Like any target that is
            // down it is tried again by the table, and not for ever.
            Some(error) => {
                let text = format!("Rouage's own store did not take this: {error}");
                self.retry_or_fail(request, ModuleError::new(ErrorKind::ConnectionError, text))
            }
        }
    }

    /// With auto commit off the effect may still be taken back until the cycle
    /// is committed; with it on nothing is noted.
    fn revocable(&self, effect: StoreEffect) -> StoreEffect {
        if self.prepared.plan.settings().auto_commit {
            return effect;
        }
        StoreEffect::Revocable { execution: self.job.execution, effect: Box::new(effect) }
    }

    /// What a polling trigger found, and its position with it. When the trigger
    /// stands elsewhere by now, the poll failed and what it found is not taken.
    pub(super) async fn polled(
        &mut self,
        request: &EngineCall,
        call: &Call<'_>,
        bundles: Vec<Value>,
        position: Value,
    ) -> Result<Next, Halt> {
        let (at, operation, module) = (self.now(), request.operation, request.module);
        let settings = self.prepared.plan.settings();
        let position = NewPosition {
            scenario: self.job.scenario,
            module: positions::key(self.prepared, module),
            execution: self.job.execution,
            from: call.position.clone(),
            start: call.start.to_value(),
            position,
            // After a check run there is nothing left that could fail.
            holds: bundles.is_empty() || settings.auto_commit && !settings.auto_commit_trigger_last,
        };
        let finish = Box::new(move |answer: Result<Value, ApiError>| match answer {
            Ok(_) => Event::Returned { at, operation, module, bundles },
            Err(refusal) => {
                let error = ModuleError::new(ErrorKind::ConnectionError, refusal.message);
                Event::Failed { at, operation, module, error }
            }
        });
        let staged = StagedWrite { effect: StoreEffect::Position(position), finish };
        match self.pen.stage(&mut self.run, staged).await? {
            None => Ok(Next::GoOn),
            // Nothing is known of this poll: it is made again from the journal.
            Some(error) => Err(Halt::Store(error)),
        }
    }

    fn new_mail(&self, request: &EngineCall, mail: OutboxMail) -> NewMail {
        let texts = |texts: Vec<Text>| texts.iter().map(ToString::to_string).collect();
        let attachment = |(name, media_type, size): (Text, Text, u64)| Attachment {
            name: name.to_string(),
            media_type: media_type.to_string(),
            size,
        };
        NewMail {
            team: self.job.team,
            execution: self.job.execution,
            operation: request.operation,
            from: mail.from.to_string(),
            to: texts(mail.to),
            cc: texts(mail.cc),
            bcc: texts(mail.bcc),
            subject: mail.subject.to_string(),
            text: mail.text.map(|text| text.to_string()),
            html: mail.html.map(|html| html.to_string()),
            message_id: mail.message_id.to_string(),
            raw: mail.raw,
            attachments: mail.attachments.into_iter().map(attachment).collect(),
        }
    }
}

/// A refusal of our own store in Make's words: of a spreadsheet, as Google's
/// would be treated, or of a data store.
pub(crate) fn module_error(error: &ApiError) -> ModuleError {
    let kind = match error.status {
        refusals::ALREADY_EXISTS => ErrorKind::DuplicateDataError,
        refusals::OUT_OF_SPACE => ErrorKind::OutOfSpaceError,
        _ if error.code >= 500 => ErrorKind::ConnectionError,
        _ => ErrorKind::DataError,
    };
    ModuleError::new(kind, format!("[{}] {}", error.code, error.message))
}
