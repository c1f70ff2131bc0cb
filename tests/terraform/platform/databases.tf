# Databases and caches.

resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_db_parameter_group" "main" {
  name   = "main"
  family = "postgres16"

  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }
}

resource "aws_db_instance" "main" {
  identifier              = "main"
  engine                  = data.aws_rds_engine_version.postgres.engine
  engine_version          = "16"
  instance_class          = "db.t4g.micro"
  allocated_storage       = 20
  username                = "fathuss"
  password                = "only-for-this-test"
  db_subnet_group_name    = aws_db_subnet_group.main.name
  parameter_group_name    = aws_db_parameter_group.main.name
  vpc_security_group_ids  = [aws_security_group.data.id]
  backup_retention_period = 1
  skip_final_snapshot     = true
}

data "aws_rds_engine_version" "postgres" {
  engine             = "postgres"
  preferred_versions = ["16.10", "16.9", "16.8"]
}

resource "aws_db_option_group" "main" {
  name                     = "main"
  option_group_description = "No options"
  engine_name              = "postgres"
  major_engine_version     = "16"
}

resource "aws_db_snapshot" "main" {
  db_instance_identifier = aws_db_instance.main.id
  db_snapshot_identifier = "main"
}

resource "aws_db_instance" "replica" {
  identifier          = "replica"
  replicate_source_db = aws_db_instance.main.id
  instance_class      = "db.t4g.micro"
  skip_final_snapshot = true

  # An instance does one thing at a time.
  depends_on = [aws_db_snapshot.main]
}

resource "aws_elasticache_subnet_group" "main" {
  name       = "main"
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_elasticache_parameter_group" "main" {
  name   = "main"
  family = "redis5.0"

  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }
}

resource "aws_elasticache_replication_group" "main" {
  replication_group_id          = "main"
  replication_group_description = "Sessions"
  engine                        = "redis"
  engine_version                = "5.0.6"
  node_type                     = "cache.t4g.micro"
  number_cache_clusters         = 2
  automatic_failover_enabled    = true
  subnet_group_name             = aws_elasticache_subnet_group.main.name
  parameter_group_name          = aws_elasticache_parameter_group.main.name
  security_group_ids            = [aws_security_group.data.id]
}
