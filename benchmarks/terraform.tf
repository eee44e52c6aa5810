# The same fleet for Terraform: what a bucket has is in buckets.json, which benchmarks/terraform.py writes.
# The lifecycle rules stand by their ids, as the tool writes them: to Terraform, another order is a change.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true
}

locals {
  buckets = jsondecode(file("${path.module}/buckets.json"))
}

resource "aws_s3_bucket" "fleet" {
  for_each = local.buckets
  bucket   = each.key
  tags     = each.value.tags
}

resource "aws_s3_bucket_versioning" "fleet" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.fleet[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "fleet" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.fleet[each.key].id
  rule {
    bucket_key_enabled = false
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "fleet" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.fleet[each.key].id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "fleet" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.fleet[each.key].id
  policy   = each.value.policy
}

resource "aws_s3_bucket_lifecycle_configuration" "fleet" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.fleet[each.key].id
  rule {
    id     = "abort-uploads"
    status = "Enabled"
    filter {
      prefix = ""
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
  rule {
    id     = "archive-raw"
    status = "Enabled"
    filter {
      prefix = "raw/"
    }
    transition {
      days          = 90
      storage_class = "STANDARD_IA"
    }
    transition {
      days          = 365
      storage_class = "GLACIER"
    }
  }
  rule {
    id     = "expire-temp"
    status = "Enabled"
    filter {
      prefix = "temp/"
    }
    expiration {
      days = 30
    }
  }
}

resource "aws_s3_object" "manifest" {
  for_each     = local.buckets
  bucket       = aws_s3_bucket.fleet[each.key].id
  key          = "metadata/bucket-manifest.yaml"
  content      = each.value.manifest
  content_type = "application/yaml"
}
