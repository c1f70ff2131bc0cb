//! An AWS that does whatever it is asked for, and remembers what there is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use fathuss_cluster::aws::{Answer, Aws, LoadBalancer, Refused, Stack, Volume};

/// What there is of a cluster's.
#[derive(Debug, Default)]
pub struct Kept {
    /// Load balancers by the names of their stacks.
    pub balancers: BTreeMap<String, LoadBalancer>,
    /// Volumes by their ids.
    pub volumes: BTreeMap<String, Volume>,
    /// Volumes that are attached, with their nodes.
    pub attached: Vec<(String, String)>,
}

#[derive(Debug, Default)]
pub struct Willing(Mutex<Kept>);

impl Willing {
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }
}

fn answered<'a, T: Send + 'a>(answer: Result<T, Refused>) -> Answer<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Aws for Willing {
    fn make_load_balancer<'a>(&'a self, wanted: &'a LoadBalancer) -> Answer<'a, String> {
        self.kept().balancers.insert(wanted.stack.name.clone(), wanted.clone());
        answered(Ok(format!("{}.elb.example.com", wanted.name)))
    }

    fn remove_load_balancer<'a>(&'a self, stack: &'a Stack) -> Answer<'a, ()> {
        self.kept().balancers.remove(&stack.name);
        answered(Ok(()))
    }

    fn make_volume<'a>(&'a self, wanted: &'a Volume) -> Answer<'a, String> {
        let id = format!("vol-{}", wanted.name);
        self.kept().volumes.insert(id.clone(), wanted.clone());
        answered(Ok(id))
    }

    fn delete_volume<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        let mut kept = self.kept();
        if kept.attached.iter().any(|(attached, _)| attached == id) {
            return answered(Err(Refused(format!("VolumeInUse: {id}"))));
        }
        kept.volumes.remove(id);
        answered(Ok(()))
    }

    fn attach_volume<'a>(&'a self, id: &'a str, node: &'a str) -> Answer<'a, ()> {
        self.kept().attached.push((id.to_owned(), node.to_owned()));
        answered(Ok(()))
    }

    fn detach_volume<'a>(&'a self, id: &'a str, node: &'a str) -> Answer<'a, ()> {
        self.kept().attached.retain(|(attached, at)| (attached.as_str(), at.as_str()) != (id, node));
        answered(Ok(()))
    }
}
