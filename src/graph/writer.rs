//! Writes policies. There is no other code that does, and it is built from an
//! approved plan alone.

use std::time::Duration;

use http::Method;

use crate::core::approval::{Approved, ApprovedWrite};
use crate::core::plan::Action;

use super::answer::{Write, WriteFailure};
use super::client::Graph;

/// The least right to write a policy, for applications and people alike.
pub const WRITE_RIGHT: &str = "Policy.ReadWrite.AuthenticationMethod";

/// Sends what an approved plan says.
#[derive(Debug)]
pub struct Writer<'a> {
    graph: &'a Graph,
    approved: &'a Approved,
}

impl<'a> Writer<'a> {
    /// A writer of this plan, and of nothing else.
    pub fn new(graph: &'a Graph, approved: &'a Approved) -> Self {
        Writer { graph, approved }
    }

    /// The writes of the plan, in order.
    pub fn writes(&self) -> impl Iterator<Item = ApprovedWrite<'a>> + use<'a> {
        self.approved.writes()
    }

    /// Sends one write of the plan. Method and path come from the policy's
    /// table, never from the plan; the body is the one that was reviewed.
    /// Before it is sent again, `pause` waits and says whether it is still wanted.
    pub async fn write(
        &self,
        write: ApprovedWrite<'_>,
        pause: impl AsyncFn(Duration) -> bool,
    ) -> Result<(), WriteFailure> {
        let resource = write.resource();
        let (method, body) = match resource.action {
            Action::None => return Ok(()),
            Action::Delete => (Method::DELETE, None),
            Action::Patch => (
                Method::PATCH,
                resource.requests.first().map(|request| &request.body),
            ),
        };
        let write = Write {
            method,
            path: write.spec().path,
            body,
            needs: WRITE_RIGHT,
        };
        self.graph.write(&write, pause).await
    }
}
