//! EC2: networks, addresses, instances and volumes, one file per resource.
