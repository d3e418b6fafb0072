@echo off
rem Sets everything up on a fresh machine and opens AIGC Desktop. Arguments are passed on.
setlocal
set "ROOT=%~dp0.."
set "VENV=%ROOT%\.venv"
set "LOCK=%ROOT%\requirements.lock"
set "STAMP=%VENV%\.installed-requirements.lock"

if exist "%STAMP%" fc /b "%LOCK%" "%STAMP%" >nul 2>&1 && goto run

set "PY="
for %%V in (3.13 3.12 3.11 3.14) do (
    if not defined PY py -%%V -c "" >nul 2>&1 && set "PY=py -%%V"
)
if not defined PY python -c "import sys; sys.exit(sys.version_info < (3, 11))" >nul 2>&1 && set "PY=python"
if not defined PY (
    echo Python 3.11 or newer is needed. Install it from python.org, then run this again.
    exit /b 1
)
if not exist "%VENV%\Scripts\python.exe" %PY% -m venv "%VENV%" || exit /b 1
echo Installing what is needed ^(once^) ...
"%VENV%\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check --require-hashes -r "%LOCK%" || exit /b 1
copy /y "%LOCK%" "%STAMP%" >nul

:run
set "PYTHONPATH=%ROOT%"
"%VENV%\Scripts\python.exe" -P -m aigc_desktop %*
exit /b %ERRORLEVEL%
