//! `export`: reads every policy that entrue manages. Writes nothing, and has
//! nothing to write with.

use futures_util::future::join_all;

use crate::baseline::judge;
use crate::core::directory::Directory;
use crate::core::export::{Declaration, Purpose, declare, names};
use crate::core::finding::Finding;
use crate::core::references::{References, deleted, references, unread};
use crate::core::report::Problem;
use crate::core::spec::{Object, PolicySpec};
use crate::graph::client::Graph;
use crate::graph::error::GraphError;
use crate::graph::{groups, policies};

/// What an export read.
#[derive(Debug, Default)]
pub struct Exported {
    /// The policies, in the order of the registry; none where anything failed.
    pub policies: Vec<Declaration>,
    /// What is worth knowing of their groups.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub failed: Vec<Problem>,
}

/// Reads these policies and declares them as they are.
pub async fn export(graph: &Graph, specs: &[&'static PolicySpec]) -> Exported {
    match read(graph, specs).await {
        Ok((lives, directory)) => {
            let mut exported = Exported::default();
            for (spec, live) in specs.iter().zip(&lives) {
                let declared = declare(spec, live, &directory, Purpose::Export, &judge);
                exported.policies.push(declared);
                let mut more = deleted(spec, live, &directory, &exported.findings);
                more.extend(unread(spec, [live, live], &directory, &exported.findings));
                exported.findings.extend(more);
            }
            exported
        }
        Err(errors) => Exported {
            failed: errors.into_iter().map(Problem::from).collect(),
            ..Exported::default()
        },
    }
}

/// Policies, then the names behind their ids, then what else has these names.
async fn read(
    graph: &Graph,
    specs: &[&'static PolicySpec],
) -> Result<(Vec<Object>, Directory), Vec<GraphError>> {
    graph.sign_in().await.map_err(|error| vec![error])?;
    let reads = specs.iter().map(|spec| policies::read(graph, spec));
    let mut lives = Vec::new();
    let mut failed = Vec::new();
    for read in join_all(reads).await {
        match read {
            Ok(live) => lives.push(live),
            Err(error) => failed.push(error),
        }
    }
    if !failed.is_empty() {
        return Err(failed);
    }
    let mut found = References::default();
    for (spec, live) in specs.iter().zip(&lives) {
        references(spec, live, &mut found);
    }
    let mut directory = Directory::default();
    let one = |error| vec![error];
    groups::by_ids(graph, &found.ids, &mut directory)
        .await
        .map_err(one)?;
    let wanted = specs
        .iter()
        .zip(&lives)
        .flat_map(|(spec, live)| names(spec, live, &directory))
        .collect();
    groups::by_names(graph, &wanted, &mut directory)
        .await
        .map_err(one)?;
    Ok((lives, directory))
}
