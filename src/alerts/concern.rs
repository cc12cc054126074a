//! What in the stream of events may wake a person. Pure.

use crate::{
    config::alerts::Subject,
    model::{
        DeploymentId, Event, Kind, Phase, Reason, RouteId, Wall, drill, event::Level,
        phase::Transition,
    },
};
use std::sync::Arc;

/// Something that somebody may want to be told, or that is over.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Concern {
    pub(super) subject: Subject,
    /// The same for everything about one thing: what is over is what began under it.
    pub(super) key: String,
    /// What is the case now. As long as it does not change there is nothing new to tell.
    pub(super) fact: String,
    pub(super) resolved: bool,
    /// A drill, or an injected fault, is behind it.
    pub(super) drill: bool,
    /// Somebody else tells it: the replica where it happened.
    pub(super) heard: bool,
    pub(super) at: Wall,
    pub(super) level: Level,
    /// What the screen says.
    pub(super) text: String,
    pub(super) deployment: Option<DeploymentId>,
    pub(super) route: Option<RouteId>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// The evidence, in words.
    pub(super) reason: Option<String>,
    pub(super) event: Option<Arc<Event>>,
}

impl Concern {
    pub(super) fn new(subject: Subject, key: String, at: Wall) -> Self {
        Self {
            subject,
            key,
            fact: String::new(),
            resolved: false,
            drill: false,
            heard: false,
            at,
            level: Level::Bad,
            text: String::new(),
            deployment: None,
            route: None,
            from: None,
            to: None,
            reason: None,
            event: None,
        }
    }

    /// None: nobody is woken for this.
    pub(super) fn of(event: &Arc<Event>) -> Option<Self> {
        let of = |subject, key: String| Self {
            drill: event.injected,
            level: event.level(),
            text: event.line(),
            deployment: event.deployment().cloned(),
            event: Some(Arc::new(event.without_content().into_owned())),
            ..Self::new(subject, key, event.at)
        };
        Some(match &event.kind {
            Kind::Transition(t) => of(subject(t), breaker(&t.deployment)).moved(t),
            Kind::WouldTrip { deployment, trip } => Self {
                reason: Some(trip.reason.to_string()),
                heard: is_heard(&trip.reason),
                ..of(Subject::WouldTrip, would_trip(deployment))
            },
            Kind::Forced { deployment, force } => Self {
                to: Some(format!("FORCED {}", force.kind).to_uppercase()),
                reason: Some(force.why.clone()).filter(|why| !why.is_empty()),
                ..of(Subject::Force, self::force(deployment)).by(&force.who)
            }
            .is(format!(
                "{} by {} until {}",
                force.kind, force.who, force.until
            )),
            Kind::ForceEnded { deployment, .. } => {
                of(Subject::Force, self::force(deployment)).over(true)
            }
            Kind::Rung3On {
                route,
                who,
                why,
                until,
            } => Self {
                route: route.clone(),
                reason: Some(why.clone()).filter(|why| !why.is_empty()),
                ..of(Subject::Rung3, rung3(route.as_ref())).by(who)
            }
            .is(format!("by {who} until {until}")),
            Kind::Rung3Off { route, .. } => Self {
                route: route.clone(),
                level: Level::Good,
                ..of(Subject::Rung3, rung3(route.as_ref())).over(true)
            },
            Kind::JudgeAvailable { available, why, .. } => Self {
                reason: Some(why.clone()).filter(|why| !why.is_empty()),
                ..of(Subject::Judge, "judge".to_owned()).over(*available)
            },
            Kind::JudgeDismissed { judge, why, .. } => Self {
                reason: Some(why.clone()).filter(|why| !why.is_empty()),
                ..of(Subject::Judge, self::judge(judge))
            },
            Kind::JudgeRestored { judge } => of(Subject::Judge, self::judge(judge)).over(true),
            Kind::JudgeDrift { judge, on, .. } => of(Subject::Judge, drift(judge)).over(!on),
            Kind::Journal { stopped, .. } => Self {
                reason: stopped.clone(),
                ..of(Subject::Journal, "journal".to_owned()).over(stopped.is_none())
            },
            Kind::LocalNetwork { down } => of(Subject::Network, "network".to_owned()).over(!down),
            _ => return None,
        })
    }

    fn moved(self, t: &Transition) -> Self {
        Self {
            from: Some(t.from.to_string()),
            to: Some(t.to.to_string()),
            reason: Some(t.reason.to_string()),
            heard: is_heard(&t.reason),
            ..self
        }
        .over(t.to == Phase::Closed)
        .is(t.to.to_string())
    }

    /// A deployment is no longer configured: whatever was the case with it is not any more.
    pub(super) fn deployment_gone(id: &DeploymentId, at: Wall) -> impl Iterator<Item = Self> {
        let text = format!("{id} is no longer configured");
        let all = [
            (Subject::Transition, breaker(id)),
            (Subject::WouldTrip, would_trip(id)),
            (Subject::Force, force(id)),
            (Subject::Judge, judge(id)),
            (Subject::Judge, drift(id)),
        ];
        all.map(|(subject, key)| Self {
            deployment: Some(id.clone()),
            ..Self::ended(subject, key, text.clone(), at)
        })
        .into_iter()
    }

    /// The same of a route.
    pub(super) fn route_gone(id: &RouteId, at: Wall) -> impl Iterator<Item = Self> {
        let text = format!("{id} is no longer configured");
        let all = [
            (Subject::LastTier, route(id)),
            (Subject::Rung3, rung3(Some(id))),
        ];
        all.map(|(subject, key)| Self {
            route: Some(id.clone()),
            ..Self::ended(subject, key, text.clone(), at)
        })
        .into_iter()
    }

    /// It is over, as no event says.
    pub(super) fn ended(subject: Subject, key: String, text: String, at: Wall) -> Self {
        Self {
            resolved: true,
            level: Level::Good,
            text,
            ..Self::new(subject, key, at)
        }
    }

    fn over(mut self, resolved: bool) -> Self {
        self.resolved = resolved;
        self
    }

    fn is(mut self, fact: String) -> Self {
        self.fact = fact;
        self
    }

    fn by(mut self, who: &str) -> Self {
        self.drill |= drill::is_actor(who);
        self
    }
}

fn subject(t: &Transition) -> Subject {
    match t.to {
        Phase::Open | Phase::Closed => Subject::Transition,
        Phase::Probe | Phase::Ramp(_) => Subject::Steps,
    }
}

fn is_heard(reason: &Reason) -> bool {
    matches!(reason, Reason::Fleet { .. })
}

fn breaker(id: &DeploymentId) -> String {
    format!("breaker:{id}")
}

pub(super) fn would_trip(id: &DeploymentId) -> String {
    format!("would_trip:{id}")
}

fn force(id: &DeploymentId) -> String {
    format!("force:{id}")
}

fn judge(id: &DeploymentId) -> String {
    format!("judge:{id}")
}

fn drift(id: &DeploymentId) -> String {
    format!("drift:{id}")
}

pub(super) fn route(id: &RouteId) -> String {
    format!("route:{id}")
}

pub(super) fn rung3(route: Option<&RouteId>) -> String {
    format!("rung3:{}", route.map_or("all", |r| r))
}
