//! The outbox: messages of scenarios that have no mail account.

use bytes::Bytes;
use jiff::Timestamp;
use rouage_model::{Collection, ExecutionId, MailId, OperationId, TeamId, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, NotSet, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::entities::mails;
use crate::store::Change;
use crate::text::{self, clean, instant, micros, read_texts, store_texts};
use crate::{Error, Page, PageRequest, Store, WriteTx};

/// A file in a message: the bytes are in [`raw`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Size in bytes.
    pub size: u64,
}

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// Whose it is.
    pub team: TeamId,
    /// The `From` address, possibly with a name.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// Copies.
    pub cc: Vec<String>,
    /// Blind copies.
    pub bcc: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Plain text, when there is one.
    pub text: Option<String>,
    /// HTML, when there is one. Not to be trusted.
    pub html: Option<String>,
    /// `Message-ID`, with angle brackets.
    pub message_id: String,
    /// When it was sent.
    pub created_at: Timestamp,
    /// The execution that sent it.
    pub execution: ExecutionId,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// Whether somebody opened it.
    pub read: bool,
}

/// A message to keep. The execution and operation are the key: the same
/// operation gives one message, however often it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Whose it is.
    pub team: TeamId,
    /// The execution that sends it.
    pub execution: ExecutionId,
    /// The operation that sends it.
    pub operation: OperationId,
    /// The `From` address, possibly with a name.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// Copies.
    pub cc: Vec<String>,
    /// Blind copies.
    pub bcc: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Plain text, when there is one.
    pub text: Option<String>,
    /// HTML, when there is one.
    pub html: Option<String>,
    /// `Message-ID`, with angle brackets.
    pub message_id: String,
    /// The whole message (RFC 5322), attachments included.
    pub raw: Bytes,
    /// Its files, in order.
    pub attachments: Vec<Attachment>,
}

/// Messages, newest first; `search` looks into subject, text and addresses.
pub async fn list(store: &Store, team: TeamId, search: Option<&str>, page: PageRequest) -> Result<Page<Mail>, Error> {
    let mut find = mails::Entity::find().filter(mails::Column::TeamId.eq(team.0));
    if let Some(search) = search.filter(|search| !search.trim().is_empty()) {
        find = find.filter(contains(search));
    }
    let total = find.clone().count(store.reader()).await?;
    let rows =
        find.order_by_desc(mails::Column::Id).offset(page.offset()).limit(page.limit()).all(store.reader()).await?;
    let items = rows.into_iter().map(Mail::try_from).collect::<Result<_, _>>()?;
    Ok(Page::new(page, total, items))
}

fn contains(search: &str) -> Condition {
    use mails::Column::{Recipients, Sender, Subject, Text};
    let like = || LikeExpr::new(text::like(search)).escape('\\');
    [Subject, Text, Sender, Recipients]
        .into_iter()
        .fold(Condition::any(), |any, column| any.add(Expr::expr(Func::lower(Expr::col(column))).like(like())))
}

/// One message.
pub async fn find(store: &Store, team: TeamId, id: MailId) -> Result<Option<Mail>, Error> {
    one(team, id).one(store.reader()).await?.map(Mail::try_from).transpose()
}

/// The whole message as it would have been sent (RFC 5322).
pub async fn raw(store: &Store, team: TeamId, id: MailId) -> Result<Option<Bytes>, Error> {
    let row: Option<Vec<u8>> =
        one(team, id).select_only().column(mails::Column::Raw).into_tuple().one(store.reader()).await?;
    Ok(row.map(Bytes::from))
}

/// How many nobody has opened.
pub async fn unread(store: &Store, team: TeamId) -> Result<u64, Error> {
    let closed = mails::Column::TeamId.eq(team.0).and(mails::Column::Opened.eq(false));
    Ok(mails::Entity::find().filter(closed).count(store.reader()).await?)
}

/// Notes that somebody opened it.
pub async fn mark_read(tx: &mut WriteTx, team: TeamId, id: MailId) -> Result<(), Error> {
    let row = mails::ActiveModel { opened: Set(true), ..Default::default() };
    let one = mails::Column::Id.eq(id.0).and(mails::Column::TeamId.eq(team.0));
    let changed = mails::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected;
    tx.changed(Change::Mail);
    crate::one_row(changed)
}

/// Takes a message away. [`Error::NotFound`] when there is none.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: MailId) -> Result<(), Error> {
    let one = mails::Column::Id.eq(id.0).and(mails::Column::TeamId.eq(team.0));
    let deleted = mails::Entity::delete_many().filter(one).exec(tx.db()).await?.rows_affected;
    tx.changed(Change::Mail);
    crate::one_row(deleted)
}

/// Keeps a message, once for each execution and operation.
pub(crate) async fn insert(tx: &mut WriteTx, mail: NewMail) -> Result<MailId, Error> {
    use mails::Column::{ExecutionId as Execution, Id, Operation};
    let (execution, operation) = (mail.execution.0, i32::try_from(mail.operation.0).unwrap_or(i32::MAX));
    let row = row(mail, micros(tx.now()));
    let once = OnConflict::columns([Execution, Operation]).do_nothing().to_owned();
    let inserted = mails::Entity::insert(row).on_conflict(once).exec_without_returning(tx.db()).await;
    match inserted {
        Ok(_) | Err(sea_orm::DbErr::RecordNotInserted) => {}
        Err(error) => return Err(error.into()),
    }
    tx.changed(Change::Mail);
    let id: Option<i64> = mails::Entity::find()
        .filter(Execution.eq(execution).and(Operation.eq(operation)))
        .select_only()
        .column(Id)
        .into_tuple()
        .one(tx.db())
        .await?;
    id.map(MailId).ok_or_else(|| Error::Database("a message was written and is not there".into()))
}

fn row(mail: NewMail, now: i64) -> mails::ActiveModel {
    mails::ActiveModel {
        id: NotSet,
        team_id: Set(mail.team.0),
        execution_id: Set(mail.execution.0),
        operation: Set(i32::try_from(mail.operation.0).unwrap_or(i32::MAX)),
        sender: Set(clean(mail.from)),
        recipients: Set(store_texts(&mail.to)),
        copies: Set(store_texts(&mail.cc)),
        blind_copies: Set(store_texts(&mail.bcc)),
        subject: Set(clean(mail.subject)),
        text: Set(mail.text.map(clean)),
        html: Set(mail.html.map(clean)),
        message_id: Set(clean(mail.message_id)),
        attachments: Set(store_attachments(&mail.attachments)),
        raw: Set(mail.raw.to_vec()),
        opened: Set(false),
        created_at: Set(now),
    }
}

fn one(team: TeamId, id: MailId) -> sea_orm::Select<mails::Entity> {
    mails::Entity::find_by_id(id.0).filter(mails::Column::TeamId.eq(team.0))
}

fn store_attachments(attachments: &[Attachment]) -> String {
    let one = |file: &Attachment| -> Value {
        Collection::from_iter([
            ("name", Value::text(file.name.as_str())),
            ("mediaType", Value::text(file.media_type.as_str())),
            ("size", Value::from(text::column(file.size))),
        ])
        .into()
    };
    text::store_value(&attachments.iter().map(one).collect::<Vec<_>>().into())
}

fn read_attachments(stored: &str) -> Result<Vec<Attachment>, Error> {
    let value = text::read_value("the attachments of a message", stored.as_bytes())?;
    let one = |file: &Value| Attachment {
        name: file.field("name").as_text().unwrap_or_default().to_owned(),
        media_type: file.field("mediaType").as_text().unwrap_or_default().to_owned(),
        size: text::count(file.field("size").as_i64().unwrap_or(0)),
    };
    Ok(value.as_array().unwrap_or_default().iter().map(one).collect())
}

impl TryFrom<mails::Model> for Mail {
    type Error = Error;

    fn try_from(row: mails::Model) -> Result<Self, Error> {
        Ok(Mail {
            id: MailId(row.id),
            team: TeamId(row.team_id),
            from: row.sender,
            to: read_texts(&row.recipients)?,
            cc: read_texts(&row.copies)?,
            bcc: read_texts(&row.blind_copies)?,
            subject: row.subject,
            text: row.text,
            html: row.html,
            message_id: row.message_id,
            created_at: instant(row.created_at),
            execution: ExecutionId(row.execution_id),
            attachments: read_attachments(&row.attachments)?,
            read: row.opened,
        })
    }
}
