"""A sweep or a run as one self-contained HTML page, and a sweep's rows as CSV or Parquet."""
