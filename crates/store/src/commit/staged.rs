//! Staged effects: writes to our own tables within a batch.

use rouage_model::sheets::ApiError;
use rouage_model::{Collection, ExecutionId, TeamId, Value};

use super::StoreEffect;
use crate::store::WriteTx;
use crate::{Error, counters, datastores, executions, incompletes, mails, positions, sheets, transactions};

/// Makes an effect inside a savepoint. A refusal leaves nothing behind.
///
/// An error means that the effect failed in the database and was undone; the
/// transaction is sound, unless undoing failed too: then it is the outer error.
pub(super) async fn make(
    tx: &mut WriteTx,
    team: TeamId,
    effect: StoreEffect,
) -> Result<Result<Result<Value, ApiError>, Error>, Error> {
    let rolled_back = match &effect {
        StoreEffect::Rollback { execution } => Some(*execution),
        _ => None,
    };
    let point = tx.savepoint().await?;
    let answer = execute(tx, team, effect, None).await;
    match answer {
        Ok(Ok(_)) => tx.release(point).await?,
        _ => tx.rollback_to(point).await?,
    }
    if let (Ok(Err(_)), Some(execution)) = (&answer, rolled_back) {
        transactions::give_up(tx, execution).await?;
    }
    Ok(answer)
}

/// `run` is the execution that may still take the effect back.
async fn execute(
    tx: &mut WriteTx,
    team: TeamId,
    effect: StoreEffect,
    run: Option<ExecutionId>,
) -> Result<Result<Value, ApiError>, Error> {
    match effect {
        StoreEffect::Revocable { execution, effect } => Box::pin(execute(tx, team, *effect, Some(execution))).await,
        StoreEffect::Datastore(call) => datastores::execute(tx, team, &call, run).await,
        StoreEffect::Sheets(call) => {
            let now = tx.now();
            sheets::execute_for(tx, team, &call, now, run).await
        }
        StoreEffect::Mail(mail) => {
            let message_id = mail.message_id.clone();
            let id = mails::insert(tx, mail).await?;
            if let Some(run) = run {
                transactions::note_mail(tx, run, id).await?;
            }
            let answer = Collection::from_iter([("id", Value::from(id.0)), ("messageId", Value::from(message_id))]);
            Ok(Ok(answer.into()))
        }
        StoreEffect::Incomplete(incomplete) => {
            let id = incompletes::insert(tx, incomplete).await?;
            let full = || {
                let message = "the scenario has as many incomplete executions as it may".to_owned();
                ApiError { code: 507, status: "RESOURCE_EXHAUSTED", message }
            };
            Ok(id.map(|id| Collection::from_iter([("id", id.0)]).into()).ok_or_else(full))
        }
        StoreEffect::Position(position) => Ok(positions::note(tx, position).await?.map(|()| Value::Undefined)),
        StoreEffect::Start(execution) => {
            executions::enqueue(tx, *execution).await?;
            Ok(Ok(Value::Undefined))
        }
        StoreEffect::Counter { scenario, module } => {
            let value = counters::count(tx, scenario, module).await?;
            Ok(Ok(Collection::from_iter([("value", value)]).into()))
        }
        StoreEffect::Commit { execution } => {
            transactions::commit(tx, execution).await?;
            Ok(Ok(Value::Undefined))
        }
        StoreEffect::Rollback { execution } => {
            Ok(transactions::rollback(tx, execution).await?.map(|()| Value::Undefined))
        }
    }
}
