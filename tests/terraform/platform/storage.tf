# Keys, secrets and buckets.

resource "aws_kms_key" "main" {
  description             = "Secrets and backups"
  deletion_window_in_days = 7
  enable_key_rotation     = true
}

resource "aws_kms_alias" "main" {
  name          = "alias/main"
  target_key_id = aws_kms_key.main.key_id
}

resource "aws_secretsmanager_secret" "database" {
  name                    = "database"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id     = aws_secretsmanager_secret.database.id
  secret_string = jsonencode({ username = "fathuss", password = "only-for-this-test" })
}

# What a bucket has in resources of their own since version 4 of the provider, it has in blocks here.
resource "aws_s3_bucket" "files" {
  bucket              = "files-of-this-test"
  acceleration_status = "Enabled"
  request_payer       = "BucketOwner"

  versioning {
    enabled = true
  }

  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = aws_kms_key.main.arn
      }
    }
  }

  lifecycle_rule {
    id      = "old"
    enabled = true

    noncurrent_version_expiration {
      days = 30
    }
  }

  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://www.terraform.test"]
    allowed_headers = ["*"]
    max_age_seconds = 300
  }

  website {
    index_document = "index.html"
    error_document = "404.html"
  }

  logging {
    target_bucket = aws_s3_bucket.logs.id
    target_prefix = "files/"
  }
}

resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    object_ownership = "BucketOwnerPreferred"
  }

  # S3 changes one thing of a bucket at a time.
  depends_on = [aws_s3_bucket_policy.files]
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket                  = aws_s3_bucket.files.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.files.arn}/*"
      Principal = { AWS = aws_cloudfront_origin_access_identity.files.iam_arn }
    }]
  })
  depends_on = [aws_s3_bucket_public_access_block.files]
}

# S3 encrypts what it is not told about too, and says so.
resource "aws_s3_bucket" "logs" {
  bucket = "logs-of-this-test"

  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "AES256"
      }
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:PutObject"
      Resource  = "${aws_s3_bucket.logs.arn}/*"
      Principal = { Service = ["delivery.logs.amazonaws.com", "logging.s3.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}
