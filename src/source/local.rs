//! The router in this very process.

use super::Source;
use crate::model::{Command, Order, Snapshot};
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::sync::mpsc;

#[derive(Debug)]
pub struct Local {
    snapshot: Arc<ArcSwap<Snapshot>>,
    orders: mpsc::Sender<Order>,
    actor: String,
    read_only: bool,
}

impl Local {
    pub fn new(
        snapshot: Arc<ArcSwap<Snapshot>>,
        orders: mpsc::Sender<Order>,
        actor: String,
        read_only: bool,
    ) -> Self {
        Self {
            snapshot,
            orders,
            actor,
            read_only,
        }
    }
}

impl Source for Local {
    fn latest(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    fn send(&self, command: Command) -> Result<(), String> {
        if self.read_only {
            return Err("this screen is read-only".to_owned());
        }
        let order = Order::new(self.actor.clone(), command);
        self.orders.try_send(order).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => "the router is busy; try again".to_owned(),
            mpsc::error::TrySendError::Closed(_) => "the router has stopped".to_owned(),
        })
    }

    fn label(&self) -> &'static str {
        "LIVE"
    }

    fn read_only(&self) -> bool {
        self.read_only
    }
}
