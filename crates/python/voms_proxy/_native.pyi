from os import PathLike
from typing import Sequence, Union, final

@final
class Verifier:
    def __new__(
        cls,
        certdir: Union[str, PathLike[str]],
        vomsdir: Union[str, PathLike[str]],
        crl: str,
        hosts: Sequence[str],
        skip_invalid: bool,
    ) -> Verifier: ...
    def verify(self, data: bytes, seconds: float) -> str: ...
