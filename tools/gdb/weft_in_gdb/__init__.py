# SPDX-License-Identifier: Apache-2.0
"""What weft_gdb.py makes gdb do."""
