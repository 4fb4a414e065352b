"""How fast the columns of a stream are read where nothing is done with them: by pyarrow's dataset scanner alone.

It decodes what it reads, as whoever sums the columns must, with as many threads, and keeps none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.csv
import pyarrow.dataset

from handgrad.compare.blocks.description import described
from handgrad.data.stream.csv_file import CsvFile
from handgrad.data.stream.parquet_folder import ParquetFolder
from handgrad.data.stream.pieces import TableStream


@dataclass(frozen=True, eq=False)
class ColumnScan:
    """The files of a table, and the columns that are read of them."""

    files: Any
    columns: Sequence[str]

    @classmethod
    def described(cls, path: str) -> ColumnScan:
        """That of the stream which a file describes; pyarrow gets the threads that are named there.

        Raises:
            DataError: If the table is not there any more.
            ArrowException: If pyarrow cannot read the file as it is.
        """
        what = described(path)
        pyarrow.set_cpu_count(what.threads)
        return cls.of(what.stream())

    @classmethod
    def of(cls, stream: TableStream) -> ColumnScan:
        """That of a stream, whose files are looked at."""
        reader: Any = stream.reader
        if isinstance(reader, ParquetFolder):
            paths = [str(part.path) for part in reader.parts]
            names = [reader.column_names[k] for k in stream.places]
            return cls(pyarrow.dataset.dataset(paths, format="parquet"), names)
        assert isinstance(reader, CsvFile)
        return cls(csv_dataset(reader, stream), [reader.names[k] for k in stream.places])

    def run(self) -> int:
        """Reads the columns once; the rows that there were."""
        scanner = self.files.scanner(columns=list(self.columns), use_threads=True)
        return sum(batch.num_rows for batch in scanner.to_batches())


def csv_dataset(reader: CsvFile, stream: TableStream) -> Any:
    """A CSV file as pyarrow reads it, the columns in use as floats."""
    table = reader.table
    numbers = {reader.names[k]: pyarrow.float64() for k in stream.places}
    how = pyarrow.dataset.CsvFileFormat(
        parse_options=pyarrow.csv.ParseOptions(delimiter=table.separator),
        convert_options=pyarrow.csv.ConvertOptions(column_types=numbers),
        read_options=pyarrow.csv.ReadOptions(column_names=list(reader.names), skip_rows=1),
    )
    return pyarrow.dataset.dataset([str(Path(reader.path))], format=how)
