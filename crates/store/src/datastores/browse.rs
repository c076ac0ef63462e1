//! Records as a person looks through them.

use rouage_model::{DatastoreId, TeamId};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, Order as Direction, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Record, find as find_store};
use crate::entities::datastore_records as rows;
use crate::{Error, Page, PageRequest, Store, text};

/// Which records, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browse {
    /// Found in the key or anywhere in the record; letter case apart.
    pub search: String,
    /// What they are sorted by.
    pub order: Order,
    /// Largest or newest first.
    pub descending: bool,
}

/// What records are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// The key.
    Key,
    /// When they were added.
    Added,
    /// When they last changed.
    Changed,
    /// A field at the top level; numbers as numbers.
    Field(String),
}

/// A page of records. Empty when there is no such data store.
pub async fn browse(
    store: &Store,
    team: TeamId,
    id: DatastoreId,
    wanted: &Browse,
    page: PageRequest,
) -> Result<Page<Record>, Error> {
    if find_store(store, team, id).await?.is_none() {
        return Ok(Page::new(page, 0, Vec::new()));
    }
    let mut find = rows::Entity::find().filter(rows::Column::DatastoreId.eq(id.0));
    if !wanted.search.trim().is_empty() {
        find = find.filter(contains(&wanted.search));
    }
    let total = find.clone().count(store.reader()).await?;
    let direction = if wanted.descending { Direction::Desc } else { Direction::Asc };
    let found = find
        .order_by(by(&wanted.order, store.shared.pools.backend), direction.clone())
        .order_by(rows::Column::Id, direction)
        .limit(page.limit())
        .offset(page.offset())
        .all(store.reader())
        .await?;
    let items = found.into_iter().map(Record::try_from).collect::<Result<_, _>>()?;
    Ok(Page::new(page, total, items))
}

fn contains(search: &str) -> Condition {
    let like = |column: rows::Column| {
        Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(text::like(search)).escape('\\'))
    };
    Condition::any().add(like(rows::Column::Key)).add(like(rows::Column::Data))
}

fn by(order: &Order, backend: DbBackend) -> SimpleExpr {
    match order {
        Order::Key => Expr::col(rows::Column::Key),
        Order::Added => Expr::col(rows::Column::Id),
        Order::Changed => Expr::col(rows::Column::UpdatedAt),
        Order::Field(name) if backend == DbBackend::Postgres => {
            Expr::cust_with_values("CAST(data AS jsonb) -> $1", [name.as_str()])
        }
        // A path in which the name is quoted, whatever it contains.
        Order::Field(name) => {
            let path = format!("$.\"{}\"", name.replace('"', ""));
            Expr::cust_with_values("json_extract(data, ?)", [path])
        }
    }
}
