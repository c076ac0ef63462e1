//! Runs that come from other runs, and the variants that they may follow.

use rouage_model::execution::Origin;
use rouage_model::{IncompleteId, OperationId, Value, Version, clock};
use rouage_store::{Lineage, executions, lineages, scenarios};

use crate::fixtures::{World, blueprint};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_run_knows_where_it_comes_from,
    a_variant_is_in_no_list_and_never_current,
}

async fn a_run_knows_where_it_comes_from(database: Database) {
    let world = World::new(database.open().await).await;
    let first = world.job().await.execution;
    assert_eq!(lineages::find(&world.store, first).await.unwrap(), Lineage::None);
    let (operation, incomplete) = (OperationId(3), IncompleteId(7));
    let mut expected = Vec::new();
    for (origin, lineage) in [
        (Origin::Retry, Lineage::Retry { origin: first, operation, incomplete }),
        (Origin::Replay, Lineage::Replay { source: first }),
        (Origin::Scenario, Lineage::Child { parent: first, operation }),
    ] {
        let mut execution = world.execution(false);
        execution.id = clock::execution_id(world.store.clock().as_ref());
        (execution.origin, execution.lineage, execution.bundles) = (origin, lineage, None);
        expected.push((execution.id, lineage));
        // One by each of the two ways in.
        if origin == Origin::Replay {
            let job = world.store.start(execution).await.unwrap();
            assert_eq!(job.fence, rouage_store::Fence(1));
        } else {
            let mut tx = world.store.begin().await.unwrap();
            executions::enqueue(&mut tx, execution).await.unwrap();
            tx.commit().await.unwrap();
        }
        database.advance(1);
    }
    for (id, lineage) in &expected {
        assert_eq!(lineages::find(&world.store, *id).await.unwrap(), *lineage);
    }
    assert_eq!(lineages::descendants(&world.store, first).await.unwrap(), expected);
}

async fn a_variant_is_in_no_list_and_never_current(database: Database) {
    let world = World::new(database.open().await).await;
    let (store, team, id) = (&world.store, world.team, world.scenario);
    let mut tx = store.begin().await.unwrap();
    for expected in [Version(-1), Version(-2)] {
        let made = scenarios::create_variant(&mut tx, team, id, &blueprint("Tried"), &Value::Undefined).await;
        assert_eq!(made.unwrap(), expected);
    }
    tx.commit().await.unwrap();
    assert_eq!(scenarios::find(store, team, id).await.unwrap().unwrap().version, Version(1));
    let listed = scenarios::versions(store, team, id).await.unwrap();
    assert_eq!(listed.into_iter().map(|(version, _)| version).collect::<Vec<_>>(), [Version(1)]);
    let variant = scenarios::find_version(store, id, Version(-2)).await.unwrap().unwrap();
    assert_eq!(variant.blueprint.document().field("name").as_text(), Some("Tried"));
}
