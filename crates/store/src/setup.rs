//! The first start: a token, printed on the console, lets one person become
//! the owner. It works once.

use rouage_model::{UserId, clock};

use crate::users::PasswordHash;
use crate::{Error, Store, WriteTx, settings, text, users};

const TOKEN: &str = "setup_token";

/// The set-up token while there is no user; made when it is first asked for.
pub async fn token(store: &Store) -> Result<Option<String>, Error> {
    if users::count(store).await? > 0 {
        return Ok(None);
    }
    if let Some(token) = settings::get(store, TOKEN).await? {
        return Ok(Some(token));
    }
    let token = clock::token(store.clock().as_ref());
    let mut tx = store.begin().await?;
    // Another process may have been quicker.
    if let Some(token) = settings::get_in(&tx, TOKEN).await? {
        return Ok(Some(token));
    }
    settings::set(&mut tx, TOKEN, &token).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Creates the owner. [`Error::NotFound`] when the token is not the one
/// (compared in constant time), [`Error::Conflict`] when there is an owner.
pub async fn redeem(
    tx: &mut WriteTx,
    token: &str,
    email: &str,
    name: &str,
    password: &PasswordHash,
) -> Result<UserId, Error> {
    if users::count_in(tx).await? > 0 {
        return Err(Error::Conflict("this installation has an owner already; sign in instead".into()));
    }
    let stored = settings::get_in(tx, TOKEN).await?.ok_or(Error::NotFound)?;
    if !text::same(&text::digest(&stored), &text::digest(token)) {
        return Err(Error::NotFound);
    }
    settings::delete(tx, TOKEN).await?;
    users::create(tx, email, name, password).await
}
