"""The README names the settings that there are."""

import re
from pathlib import Path

from django.test import SimpleTestCase

from simplejwt_edge.conf import DEFAULTS

README = Path(__file__).parent.parent / "README.md"


class Readme(SimpleTestCase):
    def test_the_table_of_options_has_each_one_and_its_default(self):
        text = README.read_text(encoding="utf-8").partition("| option | default | meaning |")[2].partition("\n\n")[0]
        rows = re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", text, re.MULTILINE)
        self.assertEqual(rows, [(name, repr(value).replace("'", '"')) for name, value in DEFAULTS.items()])

    def test_python_blocks_are_python(self):
        blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        self.assertGreater(len(blocks), 5)
        for block in blocks:
            compile(block, "README.md", "exec")
