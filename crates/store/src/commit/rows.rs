//! Many rows of a table in few statements, and those always the same ones.
//!
//! SQLite takes longer to read a statement than to run it. So a statement has
//! room for a power of two of rows, is prepared once for each size, and is told
//! how many of its rows count; the others are left unbound.

use sea_orm::sea_query::{Query, Value as Column};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic,
    Iterable, QueryTrait, Statement,
};

use crate::Error;
use crate::store::WriteTx;

/// Rows in one statement on PostgreSQL, which allows some 64,000 values in one.
const ROWS: usize = 1000;
/// Rows in one statement on SQLite: a power of two.
const SQLITE_ROWS: usize = 64;

/// Inserts the rows. All of them set the same columns.
pub(super) async fn insert<A: ActiveModelTrait>(tx: &WriteTx, rows: Vec<A>) -> Result<(), Error> {
    if tx.backend() == DbBackend::Sqlite {
        for rows in chunks(rows, SQLITE_ROWS) {
            tx.db().execute_raw(statement(rows, "")).await?;
        }
        return Ok(());
    }
    for rows in chunks(rows, ROWS) {
        A::Entity::insert_many(rows).exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

/// The same, with the ids that the database gave, in the order of the rows.
pub(super) async fn insert_with_ids<A: ActiveModelTrait>(
    tx: &WriteTx,
    id: <A::Entity as EntityTrait>::Column,
    rows: Vec<A>,
) -> Result<Vec<i64>, Error> {
    let is_sqlite = tx.backend() == DbBackend::Sqlite;
    let mut ids = Vec::with_capacity(rows.len());
    for rows in chunks(rows, if is_sqlite { SQLITE_ROWS } else { ROWS }) {
        let found = if is_sqlite {
            tx.db().query_all_raw(statement(rows, &format!(" RETURNING {}", id.as_str()))).await?
        } else {
            let mut insert = A::Entity::insert_many(rows).into_query();
            insert.returning(Query::returning().column(id));
            tx.db().query_all(&insert).await?
        };
        let mut given = found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<i64>, _>>()?;
        // Ids are given in the order of the rows; the answer has no order.
        given.sort_unstable();
        ids.extend(given);
    }
    Ok(ids)
}

fn statement<A: ActiveModelTrait>(mut rows: Vec<A>, returning: &str) -> Statement {
    let is_set = |column: &<A::Entity as EntityTrait>::Column| {
        rows.first().is_some_and(|row| !matches!(row.get(*column), ActiveValue::NotSet))
    };
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().filter(is_set).collect();
    let size = rows.len().next_power_of_two();
    let mut values = Vec::with_capacity(1 + rows.len() * columns.len());
    values.push(Column::from(i64::try_from(rows.len()).unwrap_or(i64::MAX)));
    for row in &mut rows {
        values.extend(columns.iter().map(|column| match row.take(*column) {
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => value,
            ActiveValue::NotSet => Column::from(None::<i64>),
        }));
    }
    let table = A::Entity::default();
    Statement::from_sql_and_values(DbBackend::Sqlite, text(table.table_name(), &columns, size, returning), values)
}

/// The first parameter is how many rows count.
fn text(table: &str, columns: &[impl ColumnTrait], size: usize, returning: &str) -> String {
    let names = columns.iter().map(IdenStatic::as_str).collect::<Vec<_>>().join(", ");
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let rows = vec![row; size].join(", ");
    format!(
        "WITH given (size) AS (VALUES (?)) INSERT INTO {table} ({names}) \
         SELECT * FROM (VALUES {rows}) LIMIT (SELECT size FROM given){returning}"
    )
}

fn chunks<T>(rows: Vec<T>, most: usize) -> impl Iterator<Item = Vec<T>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<T> = rows.by_ref().take(most).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}
