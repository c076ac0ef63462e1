//! Staged effects: writes to our own tables within a batch.

use rouage_model::sheets::ApiError;
use rouage_model::{Collection, TeamId, Value};

use super::StoreEffect;
use crate::store::WriteTx;
use crate::{Error, incompletes, mails, sheets};

/// Makes an effect inside a savepoint. A refusal leaves nothing behind.
///
/// An error means that the effect failed in the database and was undone; the
/// transaction is sound, unless undoing failed too: then it is the outer error.
pub(super) async fn make(
    tx: &mut WriteTx,
    team: TeamId,
    effect: StoreEffect,
) -> Result<Result<Result<Value, ApiError>, Error>, Error> {
    let point = tx.savepoint().await?;
    let answer = execute(tx, team, effect).await;
    match answer {
        Ok(Ok(_)) => tx.release(point).await?,
        _ => tx.rollback_to(point).await?,
    }
    Ok(answer)
}

async fn execute(tx: &mut WriteTx, team: TeamId, effect: StoreEffect) -> Result<Result<Value, ApiError>, Error> {
    match effect {
        StoreEffect::Sheets(call) => {
            let now = tx.now();
            sheets::execute(tx, team, &call, now).await
        }
        StoreEffect::Mail(mail) => {
            let message_id = mail.message_id.clone();
            let id = mails::insert(tx, mail).await?;
            let answer = Collection::from_iter([("id", Value::from(id.0)), ("messageId", Value::from(message_id))]);
            Ok(Ok(answer.into()))
        }
        StoreEffect::Incomplete(incomplete) => {
            let id = incompletes::insert(tx, incomplete).await?;
            Ok(Ok(Collection::from_iter([("id", id.0)]).into()))
        }
    }
}
